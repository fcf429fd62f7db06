// A square to draw in. Strokes are lists of points from 0 to 1; what is shown and what is sent are
// drawn from them, each in its own size. Ink is light on dark, as in MNIST.

const INTERVAL = 200; // milliseconds between two sendings
const NEAR = 0.003; // points nearer than this to the last one are left out
const MOST_POINTS = 50000;

// Outlives the component, which is taken away with its tab and made anew with its language.
// `turn` counts the pictures that the server laid down: a drawing from before has come too late.
const drawing = { strokes: [], base: null, turn: 0 };

function decode(text, [height, width]) {
  const bytes = atob(text);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let i = 0; i < bytes.length; i++) {
    image.data.fill(bytes.charCodeAt(i), 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

function paint(context, size) {
  context.fillStyle = "#000";
  context.fillRect(0, 0, size, size);
  if (drawing.base) {
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    // In the middle, with its own proportions.
    const { width, height } = drawing.base;
    const scale = size / Math.max(width, height);
    const [across, down] = [width * scale, height * scale];
    context.drawImage(drawing.base, (size - across) / 2, (size - down) / 2, across, down);
  }
  context.strokeStyle = context.fillStyle = "#fff";
  context.lineCap = context.lineJoin = "round";
  for (const { points, width } of drawing.strokes) {
    const [first, ...rest] = points;
    context.lineWidth = width * size;
    context.beginPath();
    context.moveTo(first[0] * size, first[1] * size);
    if (!rest.length) {
      context.arc(first[0] * size, first[1] * size, (width * size) / 2, 0, 2 * Math.PI);
      context.fill();
      continue;
    }
    let last = first;
    for (const point of rest) {
      const middle = [(last[0] + point[0]) / 2, (last[1] + point[1]) / 2];
      context.quadraticCurveTo(last[0] * size, last[1] * size, middle[0] * size, middle[1] * size);
      last = point;
    }
    context.lineTo(last[0] * size, last[1] * size);
    context.stroke();
  }
}

export default {
  template: `
    <div style="width: 100%">
      <canvas ref="canvas" class="ng-canvas" tabindex="0" role="application"
        :aria-label="label" :aria-describedby="hintId"
        @pointerdown="down" @pointermove="move" @pointerup="up" @pointercancel="up"
        @lostpointercapture="up" @keydown="key" @blur="lift" @focus="repaint"></canvas>
      <div :id="hintId" class="ng-hint">{{ hint }}</div>
    </div>
  `,
  props: { label: String, hint: String, side: Number, shape: Array, pen: Number },
  created() {
    this.hintId = `ng-canvas-hint-${Math.random().toString(36).slice(2)}`;
    this.pointer = null; // the one that draws
    this.stroke = null; // the one under way
    this.cursor = [0.5, 0.5]; // of the keys
    this.byKeys = false;
    this.sentAt = 0;
    this.timer = null;
    this.raster = document.createElement("canvas");
  },
  mounted() {
    this.observer = new ResizeObserver(() => this.repaint());
    this.observer.observe(this.$refs.canvas);
  },
  unmounted() {
    this.observer.disconnect();
    clearTimeout(this.timer);
  },
  methods: {
    wipe() {
      drawing.strokes = [];
      drawing.base = null;
      this.changed();
    },
    undo() {
      if (drawing.strokes.length) drawing.strokes.pop();
      else drawing.base = null;
      this.stroke = null;
      this.changed();
    },
    lay(ink, shape, turn) {
      // Not sent: the server knows it, and would place it anew.
      clearTimeout(this.timer);
      this.timer = null;
      drawing.turn = turn;
      drawing.strokes = [];
      drawing.base = decode(ink, shape);
      this.stroke = null;
      this.repaint();
    },
    place(event) {
      const box = this.$refs.canvas.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    },
    begin(point) {
      this.stroke = { points: [point], width: this.pen };
      drawing.strokes.push(this.stroke);
      this.changed();
    },
    extend(point) {
      const points = this.stroke.points;
      const last = points[points.length - 1];
      if (Math.hypot(point[0] - last[0], point[1] - last[1]) < NEAR) return;
      if (points.length < MOST_POINTS) points.push(point);
    },
    down(event) {
      if (event.button !== 0 || this.pointer !== null) return;
      this.byKeys = false;
      this.pointer = event.pointerId;
      this.$refs.canvas.setPointerCapture(event.pointerId);
      this.begin(this.place(event));
    },
    move(event) {
      if (event.pointerId !== this.pointer || !this.stroke) return;
      const all = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
      for (const one of all.length ? all : [event]) this.extend(this.place(one));
      this.changed();
    },
    up(event) {
      if (event.pointerId !== this.pointer) return;
      this.pointer = this.stroke = null;
      this.changed();
    },
    lift() {
      if (this.pointer === null) this.stroke = null;
      this.byKeys = false;
      this.repaint();
    },
    key(event) {
      const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const step = steps[event.key];
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") this.undo();
      else if (event.ctrlKey || event.metaKey || event.altKey) return;
      else if (step && this.pointer === null) {
        this.byKeys = true;
        const held = (value) => Math.min(Math.max(value, 0), 1);
        const far = 1 / Math.min(Math.max(...this.shape), 28);
        this.cursor = this.cursor.map((value, axis) => held(value + step[axis] * far));
        if (this.stroke) {
          this.extend(this.cursor);
          this.changed();
        } else this.repaint();
      } else if (event.key === " " && this.pointer === null) {
        this.byKeys = true;
        if (this.stroke) {
          this.stroke = null;
          this.repaint();
        } else this.begin(this.cursor);
      } else return;
      event.preventDefault();
    },
    changed() {
      this.repaint();
      if (this.timer !== null) return;
      const wait = Math.max(0, this.sentAt + INTERVAL - Date.now());
      this.timer = setTimeout(() => this.send(), wait);
    },
    send() {
      this.timer = null;
      this.sentAt = Date.now();
      this.raster.width = this.raster.height = this.side;
      const context = this.raster.getContext("2d", { willReadFrequently: true });
      paint(context, this.side);
      const pixels = context.getImageData(0, 0, this.side, this.side).data;
      let bytes = "";
      for (let i = 0; i < pixels.length; i += 4) bytes += String.fromCharCode(pixels[i]);
      this.$emit("draw", { raster: btoa(bytes), turn: drawing.turn });
    },
    repaint() {
      if (this.asked) return;
      this.asked = true;
      requestAnimationFrame(() => {
        this.asked = false;
        const canvas = this.$refs.canvas;
        if (!canvas) return;
        const size = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
        if (canvas.width !== size) canvas.width = canvas.height = size;
        const context = canvas.getContext("2d");
        paint(context, size);
        if (this.byKeys) this.mark(context, size);
      });
    },
    mark(context, size) {
      const [x, y] = this.cursor;
      context.strokeStyle = this.stroke ? "#30c8a0" : "#f0a030";
      context.lineWidth = Math.max(2, size / 140);
      context.beginPath();
      context.arc(x * size, y * size, (this.pen * size) / 2 + context.lineWidth, 0, 2 * Math.PI);
      context.stroke();
    },
  },
};
