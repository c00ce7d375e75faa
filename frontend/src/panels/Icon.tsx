// The page's own icons: strokes on a 20 by 20 field.
const PATHS = {
  marker: "M10 17.5s5.5-5 5.5-9.3A5.5 5.5 0 0 0 4.5 8.2C4.5 12.5 10 17.5 10 17.500ZM10 6.200v4M8 8.200h4",
  polygon: "M4 7.5 10.5 3.5 16.5 8 14 16 5.5 15Z",
  undo: "M7.5 4 4 7.5 7.5 11M4.5 7.500H11a4.5 4.5 0 0 1 0 9H8",
  redo: "M12.5 4 16 7.5 12.5 11M15.5 7.500H9a4.5 4.5 0 0 0 0 9h3",
  help: "M7.5 7.500a2.5 2.5 0 1 1 3.7 2.200c-.8.5-1.2 1-1.2 1.800M10 14.500v.1",
  left: "M12 5 7 10l5 5",
  right: "m8 5 5 5-5 5",
  trash: "M4.5 6h11M8 6V4h4v2M6 6l.7 10h6.600L14 6",
  close: "m5.5 5.5 9 9M14.5 5.500l-9 9",
  tune: "M4 6h7M15 6h1M13 4v4M4 14h1M9 14h7M7 12v4",
  plus: "M10 4.500v11M4.5 10h11",
  minus: "M4.5 10h11",
  fit: "M4 8V4h4M12 4h4v4M16 12v4h-4M8 16H4v-4",
  next: "M10 3.500v2.500M10 14v2.500M3.5 10H6M14 10h2.500M10 6a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z",
  folder: "M3.5 6V15.500h13V7.500H10L8.5 5H3.500Z",
  check: "m4.5 10.5 3.5 3.5 7.5-8",
  copy: "M7.5 7.500h8v8h-8zM12 7.500v-3H4.500V12h3",
  table: "M4 5h12v10H4zM4 8.500h12M8.5 8.500V15",
  sure: "M4 15.500V11M8 15.500V8M12 15.500V5M16 15.500V10",
  north: "M10 3 15 16.5 10 13.5 5 16.500Z",
  swipe: "M10 3.500v13M7 7 4 10l3 3M13 7l3 3-3 3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
