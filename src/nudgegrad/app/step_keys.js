// Emits arrow keys that no control, tab, menu or scrollable part of the page uses.
const KEYS = ["ArrowLeft", "ArrowRight", "Home", "End"];
const USERS =
  "input, textarea, select, [contenteditable], .q-menu, [role=tab], [role=listbox], " +
  "[role=menu], [role=slider], [role=grid], [role=switch], [role=combobox]";

export default {
  emits: ["step"],
  mounted() {
    window.addEventListener("keydown", this.listen);
  },
  beforeUnmount() {
    window.removeEventListener("keydown", this.listen);
  },
  methods: {
    listen(event) {
      const other = event.ctrlKey || event.altKey || event.metaKey || event.shiftKey;
      if (other || event.defaultPrevented || !KEYS.includes(event.key)) return;
      if (event.target instanceof Element && event.target.closest(USERS)) return;
      event.preventDefault();
      this.$emit("step", event.key);
    },
  },
  template: "<span hidden></span>",
};
