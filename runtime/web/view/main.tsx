import { render } from "preact";
import { App } from "./app";
import { modelsOf, type Data } from "./data";
import "./style.css";

async function start() {
  const data = JSON.parse(document.getElementById("data")!.textContent!) as Data;
  document.title = `${data.title}, compiled`;
  render(<App models={await modelsOf(data)} />, document.getElementById("app")!);
}

void start();
