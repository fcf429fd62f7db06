"""Concentrations, effects and doses: hours, litres, milligrams, and what they are fitted to."""

from __future__ import annotations

from typing import Any

from tests.vectors.vector import vector

TIMES = (0.25, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 24.0)
MEASURED = (1.9, 3.2, 4.6, 5.4, 4.9, 4.0, 3.3, 2.2, 0.7)


@vector("pharmacology/bateman", [320.0, 1.6, 0.087, 31.5, 3.25])
def bateman(m: Any, x: Any) -> Any:
    """Concentration after an oral dose: dose [mg], absorption, elimination [1/h], volume [l], t."""
    dose, ka, ke, volume, t = x
    return dose * ka / (volume * (ka - ke)) * (m.exp(-ke * t) - m.exp(-ka * t))


@vector("pharmacology/bateman-in-grams-and-seconds", [0.32, 4.4e-4, 2.4e-5, 3.15e-2, 11700.0])
def bateman_si(m: Any, x: Any) -> Any:
    dose, ka, ke, volume, t = x
    return dose * ka / (volume * (ka - ke)) * (m.exp(-ke * t) - m.exp(-ka * t))


@vector("pharmacology/bateman-fit", [1.1, 0.12, 28.0])
def bateman_fit(m: Any, x: Any) -> Any:
    """Sum of squares of nine measured concentrations."""
    ka, ke, volume = x
    t, y = m.array(TIMES), m.array(MEASURED)
    curve = 320.0 * ka / (volume * (ka - ke)) * (m.exp(-ke * t) - m.exp(-ka * t))
    return m.sum((curve - y) ** 2)


@vector("pharmacology/one-compartment-infusion", [25.0, 4.2, 18.0, 0.75, 5.5])
def infusion(m: Any, x: Any) -> Any:
    """Rate [mg/h], clearance [l/h], volume [l], length of the infusion [h], t [h]."""
    rate, clearance, volume, length, t = x
    k = clearance / volume
    return rate / clearance * (1 - m.exp(-k * length)) * m.exp(-k * (t - length))


@vector("pharmacology/two-compartments", [100.0, 5.2, 0.9, 0.15, 0.08, 2.0])
def two_compartments(m: Any, x: Any) -> Any:
    """A bolus, central volume, k12, k21, k10 and t."""
    dose, volume, k12, k21, k10, t = x
    total = k12 + k21 + k10
    root = m.sqrt(total**2 - 4 * k21 * k10)
    fast, slow = (total + root) / 2, (total - root) / 2
    a = (fast - k21) / (fast - slow) * m.exp(-fast * t)
    b = (k21 - slow) / (fast - slow) * m.exp(-slow * t)
    return dose / volume * (a + b)


@vector("pharmacology/biexponential-fit", [6.0, 1.5, 4.0, 0.08])
def biexponential(m: Any, x: Any) -> Any:
    a, fast, b, slow = x
    t, y = m.array(TIMES), m.array(MEASURED)
    return m.sum((a * m.exp(-fast * t) + b * m.exp(-slow * t) - y) ** 2)


@vector("pharmacology/emax", [12.0, 85.0, 3.4e-7, 1.8, 9.1e-8])
def emax(m: Any, x: Any) -> Any:
    """Effect by Hill's sigmoid; concentrations in mol/l."""
    base, most, half, hill, concentration = x
    power = (concentration / half) ** hill
    return base + most * power / (1 + power)


@vector("pharmacology/multiple-dosing", [500.0, 42.0, 0.115, 8.0, 3.0])
def multiple_dosing(m: Any, x: Any) -> Any:
    """Steady state between doses: dose, volume, elimination, interval, time after a dose."""
    dose, volume, k, interval, t = x
    return dose / volume * m.exp(-k * t) / (1 - m.exp(-k * interval))


@vector("pharmacology/michaelis-menten-elimination", [17.5, 5.8, 0.02, 300.0])
def phenytoin(m: Any, x: Any) -> Any:
    """Steady-state dose rate [mg/h] of a saturable drug, squared distance from the prescribed."""
    most, half, scale, dose = x
    return (most * 14.0 / (half + 14.0) - scale * dose) ** 2


@vector("pharmacology/allometric-clearance", [0.32, 71.0, 0.75, 88.0, 1.3e-2])
def clearance(m: Any, x: Any) -> Any:
    """Clearance scaled by weight, with age as an exponential covariate."""
    standard, weight, power, creatinine, decline = x
    return standard * (weight / 70.0) ** power * m.exp(-decline * (creatinine - 80.0))


@vector("pharmacology/receptor-occupancy", [2.5e-9, 1.1e-9, 4.0e-10])
def tight_binding(m: Any, x: Any) -> Any:
    """Bound complex of Morrison's quadratic, mol/l: receptor, ligand, dissociation constant."""
    receptor, ligand, kd = x
    total = receptor + ligand + kd
    return (total - m.sqrt(total**2 - 4 * receptor * ligand)) / 2


@vector("pharmacology/gompertz-tumour", [1.2e8, 4.0e11, 0.042, 35.0])
def gompertz(m: Any, x: Any) -> Any:
    """Cells after t days: cells at first, capacity, rate."""
    cells, capacity, rate, t = x
    return capacity * m.exp(m.log(cells / capacity) * m.exp(-rate * t))
