import assert from "node:assert/strict";
import { test } from "node:test";
import { Events, waitBefore } from "./events";
import type { ViewMessage } from "./model/contract";

test("the page waits longer each time, but never long", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 50].map(waitBefore), [500, 1000, 2000, 4000, 8000, 8000, 8000]);
});

class FakeSocket {
  static readonly OPEN = 1;
  static made: FakeSocket[] = [];
  readyState = 0;
  readonly sent: string[] = [];
  onopen = () => {};

  constructor() {
    FakeSocket.made.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }
}

test("a view from before the connection was open is told when it opens", () => {
  Object.assign(globalThis, { WebSocket: FakeSocket, location: { protocol: "http:", host: "127.0.0.1" } });
  const events = new Events({ onEvent() {}, onOpen() {}, onLost() {} });
  const [socket] = FakeSocket.made;
  assert.ok(socket);
  const view = (level: number): ViewMessage => ({ type: "view", level, x0: 0, y0: 0, x1: 1, y1: 1 });
  events.send(view(3));
  events.send(view(2));
  assert.deepEqual(socket.sent, []);
  socket.readyState = FakeSocket.OPEN;
  socket.onopen();
  events.send(view(1));
  assert.deepEqual(socket.sent.map((text) => JSON.parse(text).level), [2, 1]);
});
