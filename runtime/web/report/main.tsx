import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import { App } from "./app";
import type { Data } from "./data";
import "./style.css";

const data = JSON.parse(document.getElementById("data")!.textContent!) as Data;
document.title = data.runs.map((run) => run.name).join(", ");
render(<App data={data} />, document.getElementById("app")!);
