// The judged square on the photo: moved and sized by finger, mouse, wheel and keys.

import {CENTRE, LEAST_SIDE, rounded} from "./crop.js";

const STEP = 0.02;

/** A photo with its square; told is called with each new square. */
export class Frame {
  #canvas; #photo; #crop = CENTRE; #told; #fingers = new Map(); #grasp;

  constructor(canvas, told) {
    this.#canvas = canvas;
    this.#told = told;
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#drag(event));
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => {
        this.#fingers.delete(event.pointerId);
        this.#grasp = undefined;
      });
    }
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#set({...this.#crop, side: this.#crop.side * Math.exp(event.deltaY / 600)});
    }, {passive: false});
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  get crop() {
    return this.#crop;
  }

  /** Show another photo with this square. */
  show(photo, crop) {
    this.#photo?.shown.close();
    this.#photo = photo;
    this.#canvas.width = photo.shown.width;
    this.#canvas.height = photo.shown.height;
    this.#canvas.style.setProperty("--shape", photo.shown.width / photo.shown.height);
    this.#set(crop, false);
  }

  /** Take this square, and tell so. */
  take(crop) {
    this.#set(crop);
  }

  #set({x, y, side}, tell = true) {
    const {width, height} = this.#photo;
    const short = Math.min(width, height);
    side = Math.min(Math.max(side, LEAST_SIDE), 1);
    const within = (share, length) => {
      const half = (side * short) / length / 2;
      return Math.min(Math.max(share, half), 1 - half);
    };
    this.#crop = rounded({x: within(x, width), y: within(y, height), side});
    this.#draw();
    if (tell) this.#told(this.#crop);
  }

  #draw() {
    const {shown} = this.#photo;
    const context = this.#canvas.getContext("2d");
    const {x, y, side} = this.#crop;
    const px = side * Math.min(shown.width, shown.height);
    const left = x * shown.width - px / 2, top = y * shown.height - px / 2;
    context.drawImage(shown, 0, 0);
    context.fillStyle = "rgb(0 0 0 / 0.45)";
    const shade = new Path2D();
    shade.rect(0, 0, shown.width, shown.height);
    shade.rect(left, top, px, px);
    context.fill(shade, "evenodd");
    // As wide on the screen whatever the photo's size.
    const line = Math.max(shown.width / (this.#canvas.clientWidth || shown.width), 0.5);
    context.lineWidth = 4 * line;
    context.strokeStyle = "#000";
    context.strokeRect(left, top, px, px);
    context.lineWidth = 2 * line;
    context.strokeStyle = "#fff";
    context.strokeRect(left, top, px, px);
  }

  #at({clientX, clientY}) {
    const box = this.#canvas.getBoundingClientRect();
    return {x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height};
  }

  #press(event) {
    if (!this.#photo) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, this.#at(event));
    this.#grasp = undefined;
    // A tap beside the square brings it there.
    const {x, y, side} = this.#crop;
    const {width, height} = this.#photo;
    const half = (side * Math.min(width, height)) / 2;
    const at = this.#at(event);
    const outside = Math.abs(at.x - x) * width > half || Math.abs(at.y - y) * height > half;
    if (this.#fingers.size === 1 && outside) this.#set({...at, side});
  }

  #drag(event) {
    if (!this.#fingers.has(event.pointerId)) return;
    this.#fingers.set(event.pointerId, this.#at(event));
    const {width, height} = this.#photo;
    const fingers = [...this.#fingers.values()];
    const mean = (axis) => fingers.reduce((sum, each) => sum + each[axis], 0) / fingers.length;
    const now = {x: mean("x"), y: mean("y"), spread: fingers.length < 2 ? 1 : Math.hypot(
      (fingers[0].x - fingers[1].x) * width, (fingers[0].y - fingers[1].y) * height)};
    this.#grasp ??= {...now, crop: this.#crop};
    const {crop, x, y, spread} = this.#grasp;
    this.#set({x: crop.x + now.x - x, y: crop.y + now.y - y,
               side: crop.side * (now.spread / Math.max(spread, 1e-6))});
  }

  #key(event) {
    const {x, y, side} = this.#crop;
    const moved = {
      ArrowLeft: {x: x - STEP, y, side}, ArrowRight: {x: x + STEP, y, side},
      ArrowUp: {x, y: y - STEP, side}, ArrowDown: {x, y: y + STEP, side},
      "+": {x, y, side: side * 1.1}, "-": {x, y, side: side / 1.1},
    }[event.key];
    if (!moved || !this.#photo) return;
    event.preventDefault();
    this.#set(moved);
  }
}
