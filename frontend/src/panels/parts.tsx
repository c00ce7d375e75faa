// Small parts that several panels use.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { hexColour } from "../model/colour";
import { Icon, type IconName } from "./Icon";

export function Swatch({ colour }: { colour: string }) {
  return <span class="swatch" style={{ backgroundColor: hexColour(colour) }} aria-hidden="true" />;
}

/** After a click the keys belong to the map again; who came by Tab stays on the button. */
export function leaveAfterClick(event: MouseEvent): void {
  if (event.detail > 0) (event.currentTarget as HTMLElement).blur();
}

interface ButtonProps {
  icon?: IconName;
  /** What the button does, for the tooltip and for those who do not see the icon. */
  label: string;
  /** The key that does the same. */
  hint?: string;
  text?: string;
  testId: string;
  pressed?: boolean;
  disabled?: boolean;
  tone?: "plain" | "strong";
  onClick(): void;
}

export function Button({ icon, label, hint, text, testId, pressed, disabled, tone = "plain", onClick }: ButtonProps) {
  return (
    <button
      type="button"
      class={`button ${tone} ${text ? "" : "square"}`}
      title={hint ? `${label} (${hint})` : label}
      aria-label={text ? undefined : label}
      aria-pressed={pressed}
      disabled={disabled}
      data-testid={testId}
      onClick={(event) => {
        leaveAfterClick(event);
        onClick();
      }}
    >
      {icon && <Icon name={icon} />}
      {text && <span>{text}</span>}
    </button>
  );
}

interface PopoverProps extends Omit<ButtonProps, "onClick" | "pressed"> {
  marked?: boolean;
  children: ComponentChildren;
}

/** A button with a panel below it; a click elsewhere or Escape closes it. */
export function Popover({ children, marked, ...button }: PopoverProps) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    const key = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      setOpen(false);
      box.current?.querySelector("button")?.focus();
    };
    document.addEventListener("pointerdown", outside, true);
    document.addEventListener("keydown", key, true);
    return () => {
      document.removeEventListener("pointerdown", outside, true);
      document.removeEventListener("keydown", key, true);
    };
  }, [open]);
  return (
    <div class={`popover ${marked ? "marked" : ""}`} ref={box}>
      <Button {...button} pressed={open} onClick={() => setOpen(!open)} />
      {open && (
        <div class="popover-panel">
          {children}
        </div>
      )}
    </div>
  );
}

interface SwitchProps {
  label: string;
  on: boolean;
  testId: string;
  title?: string;
  onChange(on: boolean): void;
}

export function Switch({ label, on, testId, title, onChange }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      class="switch"
      aria-checked={on}
      title={title}
      data-testid={testId}
      onClick={(event) => {
        leaveAfterClick(event);
        onChange(!on);
      }}
    >
      <span class="track" aria-hidden="true" />
      <span>{label}</span>
    </button>
  );
}

interface SliderProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  testId: string;
  show(value: number): string;
  onInput(value: number): void;
}

export function Slider({ label, value, min, max, step, testId, show, onInput }: SliderProps) {
  return (
    <label class="slider">
      <span>{label}</span>
      <output>{show(value)}</output>
      <input
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        data-testid={testId}
        onInput={(event) => onInput(Number(event.currentTarget.value))}
      />
    </label>
  );
}
