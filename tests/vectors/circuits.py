"""Circuits in SI units: ohms, farads and amperes have little in common."""

from __future__ import annotations

import math
from typing import Any

from tests.vectors.vector import vector

THERMAL = 0.025852  # kT/q at 300 K, in volts


@vector("circuits/diode", [2.52e-9, 0.61, 1.752])
def diode(m: Any, x: Any) -> Any:
    """Shockley's current: saturation current, voltage, ideality."""
    saturation, voltage, ideality = x
    return saturation * m.expm1(voltage / (ideality * THERMAL))


@vector("circuits/diode-with-temperature", [1.2e-12, 0.64, 1.05, 312.0])
def hot_diode(m: Any, x: Any) -> Any:
    saturation, voltage, ideality, kelvin = x
    return saturation * m.expm1(voltage / (ideality * 8.617333262e-5 * kelvin))


@vector("circuits/rlc-impedance", [47.0, 3.3e-3, 2.2e-7, 5.1e3])
def rlc(m: Any, x: Any) -> Any:
    """|Z| of a series circuit: resistance, inductance, capacitance, frequency."""
    resistance, inductance, capacitance, frequency = x
    omega = 2 * m.pi * frequency
    return m.sqrt(resistance**2 + (omega * inductance - 1 / (omega * capacitance)) ** 2)


@vector("circuits/rlc-ringing", [10.0, 120.0, 1e-3, 1e-9, 2.5e-6])
def ringing(m: Any, x: Any) -> Any:
    """Voltage of a damped circuit: amplitude, R, L, C and t; the period is 6 µs."""
    amplitude, resistance, inductance, capacitance, t = x
    damping = resistance / (2 * inductance)
    omega = m.sqrt(1 / (inductance * capacitance) - damping**2)
    return amplitude * m.exp(-damping * t) * m.cos(omega * t)


@vector("circuits/rc-charge", [5.0, 4.7e4, 1e-7, 3.1e-3])
def charge(m: Any, x: Any) -> Any:
    voltage, resistance, capacitance, t = x
    return voltage * (1 - m.exp(-t / (resistance * capacitance)))


@vector("circuits/bipolar-transistor", [1.4e-16, 0.712, 3.3, 74.0, 250.0])
def transistor(m: Any, x: Any) -> Any:
    """Collector current with the Early effect, less the base's share."""
    saturation, base, collector, early, beta = x
    current = saturation * m.exp(base / THERMAL) * (1 + collector / early)
    return current * (1 - 1 / beta)


@vector("circuits/mosfet", [2.1e-4, 12.0, 1.8, 0.55, 0.03, 2.4])
def mosfet(m: Any, x: Any) -> Any:
    """Saturation: k' [A/V²], W/L, gate voltage, threshold, channel modulation, drain voltage."""
    k, ratio, gate, threshold, modulation, drain = x
    return k / 2 * ratio * (gate - threshold) ** 2 * (1 + modulation * drain)


@vector("circuits/butler-volmer", [3.2e-3, 0.48, 0.085, 298.15])
def butler_volmer(m: Any, x: Any) -> Any:
    """Exchange current density [A/m²], transfer coefficient, overpotential [V], temperature."""
    exchange, transfer, eta, kelvin = x
    f = 96485.33212 / (8.314462618 * kelvin)
    return exchange * (m.exp(transfer * f * eta) - m.exp(-(1 - transfer) * f * eta))


@vector("circuits/solar-cell", [8.2, 3.1e-9, 1.3, 0.0045, 180.0])
def solar_cell(m: Any, x: Any) -> Any:
    """Power at 0.6 V: photocurrent, saturation current, ideality, series and shunt resistance."""
    photo, saturation, ideality, series, shunt = x
    current = photo
    for _ in range(6):  # Newton's method for the current that the cell really gives
        inner = 0.6 + current * series
        exponential = m.exp(inner / (ideality * THERMAL))
        residual = photo - saturation * (exponential - 1) - inner / shunt - current
        slope = -saturation * exponential * series / (ideality * THERMAL) - series / shunt - 1
        current = current - residual / slope
    return current * 0.6


@vector("circuits/thermistor", [1.009249522e-3, 2.378405444e-4, 2.019202697e-7, 8.7e3])
def thermistor(m: Any, x: Any) -> Any:
    """Steinhart and Hart's temperature: three coefficients, ohms."""
    a, b, c, ohms = x
    log = m.log(ohms)
    return 1 / (a + b * log + c * log**3)


@vector("circuits/low-pass-decibels", [1.5e3, 1e-8, 2.2e4])
def low_pass(m: Any, x: Any) -> Any:
    resistance, capacitance, frequency = x
    return -10 * m.log10(1 + (2 * m.pi * frequency * resistance * capacitance) ** 2)


@vector("circuits/transmission-line", [75.0, 50.0, 0.31, 2.4e9])
def line(m: Any, x: Any) -> Any:
    """|Z| at the input of a line of some metres, lossless: load, impedance, length, frequency."""
    load, impedance, length, frequency = x
    t = m.tan(2 * m.pi * frequency * length / 2.0e8)
    top = load**2 + (impedance * t) ** 2
    bottom = impedance**2 + (load * t) ** 2
    return impedance * m.sqrt(top / bottom)


@vector("circuits/johnson-noise", [1e6, 295.0, 2e4])
def johnson(m: Any, x: Any) -> Any:
    resistance, kelvin, band = x
    return m.sqrt(4 * 1.380649e-23 * kelvin * band * resistance)


@vector("circuits/lock-in", [1e-6, 1.0e5, 0.4, 3.7e-4])
def lock_in(m: Any, x: Any) -> Any:
    """A faint sine at 100 kHz: amplitude, frequency, phase, time."""
    amplitude, frequency, phase, t = x
    return amplitude * m.sin(2 * math.pi * frequency * t + phase)
