import { render } from "preact";
import { App } from "./app";
import { unpack, type Data, type Entry, type Graph } from "./data";
import "./style.css";

async function start() {
  const data = JSON.parse(document.getElementById("data")!.textContent!) as Data;
  document.title = `${data.title}, compiled`;
  const [entries, graphs] = await Promise.all([unpack<Entry[]>(data.entries), unpack<Graph[]>(data.graphs)]);
  render(<App model={{ ...data, entries, graphs }} />, document.getElementById("app")!);
}

void start();
