// The whole page.
import type { Controller } from "../map/controller";
import { useStore } from "../store";
import { Banners, Toasts } from "./Banners";
import { BottomBar } from "./BottomBar";
import { CollectPanel } from "./CollectPanel";
import { Dialogs } from "./Dialogs";
import { PaneView } from "./PaneView";
import { TopBar } from "./TopBar";
import { ValuesPanel } from "./ValuesPanel";

export function App({ controller }: { controller: Controller }) {
  const layout = useStore((state) => state.layout);
  const collecting = useStore((state) => state.collecting);
  const showValues = useStore((state) => state.showValues);
  return (
    <div class={`app ${collecting ? "collecting" : ""}`}>
      <TopBar />
      <Banners />
      <main class="work">
        <div class={`panes panes-${layout}`}>
          {Array.from({ length: layout }, (_, index) => (
            <PaneView key={index} controller={controller} index={index} last={index === layout - 1} />
          ))}
          {showValues && <ValuesPanel />}
        </div>
        {collecting && <CollectPanel />}
      </main>
      <BottomBar />
      <Toasts />
      <Dialogs />
    </div>
  );
}
