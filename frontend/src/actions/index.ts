// What the user can do, whatever by: mouse, key or button. Effects go to the server; state goes to the store.
export { addLayer, chooseLayer, loadVector, removeLayer, setPane } from "./layers";
export {
  addPoint,
  movePoint,
  pickClass,
  redo,
  removeSelected,
  select,
  setCollecting,
  setDrawing,
  stepHistory,
  stepOut,
  undo,
} from "./marking";
export { copyText, dismiss, toast } from "./messages";
export { nextPlace, onGoTo, setRule } from "./places";
export { buildOverviews, onServerEvent, points, reload, setLive, trainNow } from "./server";
export { resetStretch } from "./stretch";
