"""The page's style sheet: system fonts that have Chinese and Japanese, sizes, contrast."""

from __future__ import annotations

__all__ = ["BRAND", "STYLE"]

BRAND = {"primary": "#005a9c", "negative": "#b3261e", "positive": "#00684c", "warning": "#8a5a00"}
"""Quasar's colours, each in contrast 4.5 to 1 and more to white letters."""

STYLE = """
:root { --ng-fonts: system-ui, -apple-system, "Segoe UI", "Noto Sans", "Liberation Sans"; }
body, .q-field, .q-btn, .q-tab {
  font-family: var(--ng-fonts), "Noto Sans CJK SC", "Noto Sans SC", "PingFang SC",
    "Microsoft YaHei", "WenQuanYi Micro Hei", sans-serif;
}
:lang(ja) body, html:lang(ja) .q-field, html:lang(ja) .q-btn, html:lang(ja) .q-tab,
html:lang(ja) body {
  font-family: var(--ng-fonts), "Noto Sans CJK JP", "Noto Sans JP", "Hiragino Sans",
    "Yu Gothic", "Meiryo", "IPAexGothic", sans-serif;
}
body { overflow-wrap: anywhere; }
body.body--light { background: #f4f6f8; color: #1f1f1f; }
body.body--dark { background: #14171a; color: #e8e8e8; }
.q-btn { text-transform: none; }
/* What is wrong with a field may take several lines, and what is below makes room for it. */
.q-field--with-bottom { padding-bottom: 0 !important; }
.q-field__bottom--animated { position: static; transform: none; }
.q-field__messages { line-height: 1.35; }
.body--dark .q-field__control { color: #8cc4f0; }
.body--dark .q-field--error .q-field__bottom { color: #f2a09a; }
.nicegui-content { padding: 0; width: 100%; align-items: stretch; }
.ng-header { padding: 0.25rem 1rem 0; }
.ng-title { font-size: 1.25rem; font-weight: 600; }
.ng-header .q-tab { min-height: 40px; padding: 0 12px; }
.ng-header .q-tab--inactive { opacity: 1; }
.ng-panels { background: transparent; width: 100%; max-width: 1440px; margin: 0 auto; }
.ng-panels > .q-panel > div, .ng-panels .q-tab-panel { padding: 0.75rem; overflow-x: hidden; }
.ng-section { border-radius: 8px; padding: 1rem; box-shadow: none; border: 1px solid #8885; }
.body--dark .ng-section { background: #1d2125; }
.ng-heading { font-size: 1.05rem; font-weight: 600; }
.ng-explanation { padding: 0.75rem; max-width: 22rem; line-height: 1.5; }
.ng-number { font-variant-numeric: tabular-nums; }
/* What is important in an early layer outweighs what is important in Quasar's, a late one. */
@layer base {
  .body--dark .text-primary { color: #8cc4f0 !important; }
  .body--dark .text-negative { color: #f2a09a !important; }
  .body--dark .text-positive { color: #6fd6b0 !important; }
  .body--dark .text-warning { color: #f0c060 !important; }
  .body--light .text-grey-7 { color: #595959 !important; }
  .body--dark .text-grey-7 { color: #b8b8b8 !important; }
}
:focus-visible { outline: 2px solid #f0a030; outline-offset: 2px; }
@media (max-width: 599px) { .ng-header { padding: 0.25rem 0.5rem 0; } }
@media (prefers-reduced-motion: reduce) {
  * { animation: none !important; transition: none !important; }
}
"""
