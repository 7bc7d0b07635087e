import { render } from "preact";
import { App } from "./app";
import { modelOf, type Data } from "./data";
import "./style.css";

async function start() {
  const data = JSON.parse(document.getElementById("data")!.textContent!) as Data;
  document.title = `${data.title}, compiled`;
  render(<App data={data} first={await modelOf(data, data.targets[0]!)} />, document.getElementById("app")!);
}

void start();
