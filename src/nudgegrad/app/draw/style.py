"""The tab's style sheet."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
.ng-draw { display: grid; gap: 0.75rem; width: 100%; grid-template-columns: minmax(0, 1fr); }
.ng-draw > div { display: grid; }
.ng-canvas { display: block; width: 100%; max-width: 24rem; aspect-ratio: 1; margin: 0 auto;
  touch-action: none; cursor: crosshair; border-radius: 6px; border: 1px solid #8888;
  user-select: none; -webkit-user-select: none; }
.ng-hint { font-size: 0.8rem; line-height: 1.4; margin: 0.4rem auto 0; max-width: 24rem; }
.ng-seen { display: grid; gap: 0.5rem 1.25rem; width: 100%; align-items: start;
  grid-template-columns: 8.75rem minmax(0, 1fr); }
.ng-seen img { width: 8.75rem; height: 8.75rem; image-rendering: pixelated; background: #000;
  object-fit: contain;
  border-radius: 4px; border: 1px solid #8888; display: block; }
.ng-digit { font-size: 4rem; line-height: 1; font-weight: 600; min-height: 1em; }
.ng-quick { font-size: 1.5rem; line-height: 1.2; font-weight: 600; min-height: 1.2em;
  width: 100%; text-align: center; }
.ng-note { line-height: 1.45; }
.ng-digit.ng-word { font-size: 1.75rem; line-height: 1.2; overflow-wrap: anywhere; }
.ng-bars { display: grid; gap: 3px 0.6rem; width: 100%;
  grid-template-columns: fit-content(40%) minmax(0, 1fr) 4.2rem; }
.ng-bar { display: grid; grid-column: 1 / -1; grid-template-columns: subgrid;
  align-items: center; }
.ng-bar .name { text-align: right; min-width: 1.2rem; overflow-wrap: anywhere; }
.ng-bar .value { text-align: right; font-size: 0.9rem; }
.ng-bar .track { height: 1.05rem; border-radius: 3px; background: #8883; overflow: hidden; }
.ng-bar .fill { display: block; height: 100%; background: #7b8894; transform-origin: left;
  transition: transform 0.15s linear; }
.ng-bar.best .name, .ng-bar.best .value { font-weight: 700; }
.ng-bar.best .fill { background: #0072b2; }
@media (hover: none) and (pointer: coarse) { .ng-hint { display: none; } }
@media (min-width: 900px) {
  .ng-quick { display: none; }
  .ng-draw { grid-template-columns: 27rem minmax(0, 1fr); grid-template-rows: auto 1fr; }
  .ng-draw > :nth-child(2) { grid-column: 2; grid-row: 1 / span 2; }
  .ng-seen { grid-template-columns: 14rem minmax(0, 1fr); }
  .ng-seen img { width: 14rem; height: 14rem; }
  .ng-digit { font-size: 7rem; }
  .ng-digit.ng-word { font-size: 2.5rem; }
  .ng-bars { row-gap: 6px; }
  .ng-bar .track { height: 1.4rem; }
}
.body--dark .ng-bar .fill { background: #8a97a3; }
.body--dark .ng-bar.best .fill { background: #56b4e9; }
"""
