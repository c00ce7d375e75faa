// Band values and the probability of each class under the pointer.
import { figure } from "../model/sentences";
import { useStore } from "../store";
import { short } from "./BottomBar";
import { Swatch } from "./parts";

export function ValuesPanel() {
  const server = useStore((state) => state.server);
  const values = useStore((state) => state.values);
  if (!server) return null;
  const probabilities = server.legend.filter((entry) => values?.probabilities[String(entry.value)] !== undefined);
  return (
    <section class="values" aria-label="Values under the pointer" data-testid="values-panel">
      {!values && <p class="quiet">Move the pointer over a map.</p>}
      {values && (
        <p class="place" title={server.grid.crs}>
          <span class="quiet">{server.grid.crs.split(" - ")[0]}</span> {short(values.crs_x)}, {short(values.crs_y)}
        </p>
      )}
      {values && probabilities.length > 0 && (
        <ul class="bars">
          {probabilities.map((entry) => {
            const share = values.probabilities[String(entry.value)] ?? 0;
            return (
              <li key={entry.value}>
                <Swatch colour={entry.color} />
                <span class="label">{entry.label}</span>
                <span class="bar" aria-hidden="true">
                  <i style={{ width: `${share}%`, backgroundColor: "currentColor" }} />
                </span>
                <span class="number">{Math.round(share)} %</span>
              </li>
            );
          })}
        </ul>
      )}
      {values && (
        <table>
          <tbody>
            {values.bands.map((band) => (
              <tr key={band.name}>
                <th scope="row">{band.name}</th>
                <td>{figure(band.value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
