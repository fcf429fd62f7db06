// Probabilities as bars with numbers.

export default {
  template: `
    <div class="ng-bars" role="group" :aria-label="label">
      <div v-for="(name, i) in names" :key="name" class="ng-bar" :class="{best: i === best}"
        role="meter" aria-valuemin="0" aria-valuemax="100"
        :aria-label="name" :aria-valuenow="percent(i) ?? 0" :aria-valuetext="text(i)">
        <span class="name" aria-hidden="true">{{ name }}</span>
        <span class="track" aria-hidden="true">
          <span class="fill" :style="{transform: 'scaleX(' + (values[i] ?? 0) + ')'}"></span>
        </span>
        <span class="ng-number value" aria-hidden="true">{{ text(i) }}</span>
      </div>
    </div>
  `,
  props: { label: String, names: Array, values: Array, best: Number },
  methods: {
    percent(i) {
      const value = this.values[i];
      return value === null || value === undefined ? null : Math.round(value * 1000) / 10;
    },
    text(i) {
      const percent = this.percent(i);
      return percent === null ? "–" : `${percent.toFixed(1)} %`;
    },
  },
};
