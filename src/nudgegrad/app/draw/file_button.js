// A button that sends one file, unless it is too large.

export default {
  template: `
    <span>
      <q-btn :label="label" icon="upload_file" no-caps outline color="primary" :loading="busy"
        @click="$refs.file.click()" />
      <input ref="file" type="file" :accept="accept" hidden tabindex="-1" aria-hidden="true"
        @change="chosen" />
    </span>
  `,
  props: { label: String, address: String, limit: Number, accept: String },
  data() {
    return { busy: false };
  },
  methods: {
    async chosen(event) {
      const file = event.target.files[0];
      event.target.value = ""; // so that the same file can be chosen again
      if (!file) return;
      if (file.size > this.limit) {
        this.$emit("fault", "large");
        return;
      }
      this.busy = true;
      try {
        const url = `${window.path_prefix || ""}${this.address}?name=${encodeURIComponent(file.name)}`;
        const reply = await fetch(url, { method: "POST", body: file });
        if (!reply.ok) this.$emit("fault", reply.status === 413 ? "large" : "failed");
      } catch {
        this.$emit("fault", "failed");
      } finally {
        this.busy = false;
      }
    },
  },
};
