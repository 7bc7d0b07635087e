// What the compiler did not fuse, and why: of its own report, if that was given.
import type { Compiled } from "./data";

export function Fusion({ compiled, entry }: { compiled: Compiled; entry: string }) {
  const found = compiled.entries.find(({ name }) => name === entry);
  if (!found) return <p>The compiler's report has no entry {entry}.</p>;
  const refusals = found.not_fused ?? [];
  const stored = found.kernels.filter((kernel) => kernel.stored_because?.length);
  return (
    <>
      <h3>Not fused</h3>
      {!refusals.length && <p>No pass refused anything.</p>}
      {refusals.length > 0 && (
        <div class="scroll kernels" tabIndex={0} role="region" aria-label="Not fused">
          <table class="words">
            <thead>
              <tr>
                {["What", "Because", "Line", "Scopes", "Times"].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {refusals.map((one, i) => (
                <tr key={i}>
                  <th scope="row">{one.what}</th>
                  <td>{one.because}</td>
                  <td>{one.line}</td>
                  <td>{one.scopes.join(", ")}</td>
                  <td>{one.times}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <h3>Why kernels store what they compute</h3>
      <div class="scroll kernels" tabIndex={0} role="region" aria-label="Stored">
        <table class="words">
          <thead>
            <tr>
              {["Kernel", "Because", "Line"].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {stored.map((kernel, i) => (
              <tr key={i}>
                <th scope="row">{kernel.name}</th>
                <td>{kernel.stored_because!.join("; ")}</td>
                <td>{kernel.line}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
