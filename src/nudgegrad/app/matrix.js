// A table of counts: right ones blue by their share of the row, wrong ones orange by their number.
export default {
  props: { label: String, cell: String, counts: Array, chosen: Array, names: Array },
  emits: ["choose"],
  data: () => ({ at: [0, 0] }),
  computed: {
    totals() {
      return this.counts.map((row) => Math.max(1, row.reduce((a, b) => a + b, 0)));
    },
    worst() {
      const wrong = this.counts.flatMap((row, r) => row.filter((_, c) => c !== r));
      return Math.max(1, ...wrong);
    },
    long() {
      return this.names.some((name) => name.length > 3);
    },
    width() {
      return this.counts.length > 12 ? `${2.3 * (this.counts.length + 1)}rem` : "100%";
    },
  },
  methods: {
    style(r, c) {
      const count = this.counts[r][c];
      if (!count) return {};
      const part = r === c ? count / this.totals[r] : Math.sqrt(count / this.worst);
      const percent = 8 + 52 * part; // never so strong that letters lose their contrast
      const hue = r === c ? "#0072b2" : "#c25e00";
      return { background: `color-mix(in srgb, ${hue} ${percent.toFixed(1)}%, transparent)` };
    },
    words(r, c) {
      return this.cell
        .replace("{row}", () => this.names[r])
        .replace("{column}", () => this.names[c])
        .replace("{count}", this.counts[r][c]);
    },
    isChosen(r, c) {
      return this.chosen[0] === r && this.chosen[1] === c;
    },
    choose(r, c) {
      this.at = [r, c];
      this.$emit("choose", [r, c]);
    },
    move(event) {
      const last = this.counts.length - 1;
      let [r, c] = this.at;
      if (event.key === "ArrowUp") r -= 1;
      else if (event.key === "ArrowDown") r += 1;
      else if (event.key === "ArrowLeft") c -= 1;
      else if (event.key === "ArrowRight") c += 1;
      else if (event.key === "Home") c = 0;
      else if (event.key === "End") c = last;
      else if (event.key === "Enter" || event.key === " ") this.choose(r, c);
      else return;
      event.preventDefault();
      this.at = [Math.min(last, Math.max(0, r)), Math.min(last, Math.max(0, c))];
      this.$refs.body.rows[this.at[0]].cells[this.at[1] + 1].focus();
    },
  },
  template: `
    <div class="ng-matrix-frame">
      <table v-if="counts.length" class="ng-matrix" :class="{ 'ng-long': long }" role="grid" :aria-label="label"
             :style="{ minWidth: width }">
        <thead>
          <tr>
            <th aria-hidden="true"></th>
            <th v-for="(_, c) in counts" :key="c" scope="col"><span>{{ names[c] }}</span></th>
          </tr>
        </thead>
        <tbody ref="body" @keydown="move">
          <tr v-for="(row, r) in counts" :key="r">
            <th scope="row">{{ names[r] }}</th>
            <td v-for="(count, c) in row" :key="c" role="gridcell" :style="style(r, c)"
                :class="{ 'ng-none': !count }" :aria-label="words(r, c)" :title="words(r, c)"
                :aria-selected="isChosen(r, c) ? 'true' : 'false'"
                :tabindex="at[0] === r && at[1] === c ? 0 : -1"
                @click="choose(r, c)">{{ count || "·" }}</td>
          </tr>
        </tbody>
      </table>
    </div>`,
};
