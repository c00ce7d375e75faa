// The threshold below which the class map is pale, and what cross-validation found above it.
import { aboveSentence } from "../model/sentences";
import { store, useStore } from "../store";
import { Popover, Slider, Switch } from "./parts";

export function Confidence() {
  const server = useStore((state) => state.server);
  const fading = useStore((state) => state.fading);
  const threshold = useStore((state) => state.threshold);
  const check = server?.check ?? null;
  return (
    <Popover icon="sure" label="Confidence" testId="confidence" marked={fading}>
      <h2>Confidence</h2>
      <Switch
        label="Fade what is less certain"
        on={fading}
        testId="fade"
        onChange={(on) => store.set({ fading: on })}
      />
      <Slider
        label="Class probability below"
        value={threshold}
        min={0}
        max={95}
        step={5}
        testId="threshold"
        show={(value) => `${value} %`}
        onInput={(value) => store.set({ threshold: value, fading: true })}
      />
      <p class="say" data-testid="above">
        {aboveSentence(check, threshold)}
      </p>
      {check && <p class="say quiet">{check.text}</p>}
    </Popover>
  );
}
