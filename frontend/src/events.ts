// The server's pushes. The connection comes back by itself, each time waiting a little longer.
import type { ServerEvent, ViewMessage } from "./model/contract";

const SHORTEST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

/** How long to wait before attempt number `attempt` (0 = the first one after a loss). */
export function waitBefore(attempt: number): number {
  return Math.min(LONGEST_WAIT_MS, SHORTEST_WAIT_MS * 2 ** attempt);
}

export interface EventHandlers {
  onEvent(event: ServerEvent): void;
  /** `again` tells that the connection had been lost: what happened meanwhile is unknown. */
  onOpen(again: boolean): void;
  onLost(): void;
}

export class Events {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private opened = false;
  /** The page may look somewhere before the connection is open: the server is told then. */
  private view: ViewMessage | null = null;

  constructor(private readonly handlers: EventHandlers) {
    this.connect();
  }

  send(view: ViewMessage): void {
    this.view = view;
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(view));
  }

  private connect(): void {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/events`);
    this.socket = socket;
    socket.onopen = () => {
      this.attempt = 0;
      if (this.view) this.send(this.view);
      this.handlers.onOpen(this.opened);
      this.opened = true;
    };
    socket.onmessage = (message: MessageEvent<string>) => {
      this.handlers.onEvent(JSON.parse(message.data) as ServerEvent);
    };
    socket.onclose = () => {
      this.handlers.onLost();
      setTimeout(() => this.connect(), waitBefore(this.attempt++));
    };
  }
}
