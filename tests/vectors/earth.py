"""The Earth and the sky: geodesy, air, water, and distances of 1e26 metres."""

from __future__ import annotations

from typing import Any

from tests.vectors.vector import vector

AXIS = 6378137.0
FLAT = 1 / 298.257223563


@vector("earth/haversine", [0.9103, -0.0022, 0.6228, 2.4392, 6371008.8])
def haversine(m: Any, x: Any) -> Any:
    """Metres from London to Tokyo: latitudes, longitudes in radians, radius."""
    lat1, lon1, lat2, lon2, radius = x
    a = m.sin((lat2 - lat1) / 2) ** 2
    b = m.cos(lat1) * m.cos(lat2) * m.sin((lon2 - lon1) / 2) ** 2
    return 2 * radius * m.asin(m.sqrt(a + b))


# In float32 the neighbours differ in their last digits only.
@vector(
    "earth/haversine-of-neighbours", [0.910300, -0.002200, 0.910301, -0.002199], dtypes=("float64",)
)
def neighbours(m: Any, x: Any) -> Any:
    """Two points seven metres apart."""
    lat1, lon1, lat2, lon2 = x
    a = m.sin((lat2 - lat1) / 2) ** 2
    b = m.cos(lat1) * m.cos(lat2) * m.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371008.8 * m.asin(m.sqrt(a + b))


@vector("earth/geocentric", [48.8584, 2.2945, 330.0])
def geocentric(m: Any, x: Any) -> Any:
    """Third coordinate [m], squared distance from a station: degrees, degrees, metres."""
    latitude, longitude, height = x[0] * m.pi / 180, x[1] * m.pi / 180, x[2]
    e2 = FLAT * (2 - FLAT)
    n = AXIS / m.sqrt(1 - e2 * m.sin(latitude) ** 2)
    east = (n + height) * m.cos(latitude) * m.cos(longitude) - 4.2e6
    north = (n + height) * m.cos(latitude) * m.sin(longitude) - 1.7e5
    up = (n * (1 - e2) + height) * m.sin(latitude) - 4.78e6
    return m.sqrt(east**2 + north**2 + up**2)


@vector("earth/gravity", [9.7803253359, 1.931853e-3, 0.77, 1250.0])
def gravity(m: Any, x: Any) -> Any:
    """Somigliana's formula with the free-air correction."""
    equator, k, latitude, height = x
    square = m.sin(latitude) ** 2
    return equator * (1 + k * square) / m.sqrt(1 - 6.69437999e-3 * square) - 3.086e-6 * height


@vector("earth/pseudorange", [4.2e6, 1.7e5, 4.78e6, 2.1e-4])
def pseudorange(m: Any, x: Any) -> Any:
    """Sum of squares of ranges to four satellites: a place in metres, a clock in seconds."""
    total = 0.0
    for a, b, c, seen in (
        (1.56e7, 7.54e6, 2.01e7, 2.090e7), (1.88e7, 2.75e6, 1.86e7, 2.040e7),
        (1.76e7, 1.46e7, 1.35e7, 2.175e7), (1.92e7, 6.1e5, 1.84e7, 2.035e7),
    ):  # fmt: skip
        distance = m.sqrt((x[0] - a) ** 2 + (x[1] - b) ** 2 + (x[2] - c) ** 2)
        total = total + ((distance + 299792458.0 * x[3] - seen) / 1000) ** 2
    return total


@vector("earth/barometer", [101325.0, 288.15, 0.0065, 3776.0])
def barometer(m: Any, x: Any) -> Any:
    """Pressure at a height: sea level, temperature, lapse rate [K/m], metres."""
    pressure, kelvin, lapse, height = x
    return pressure * (1 - lapse * height / kelvin) ** (0.0341631947 / lapse)


@vector("earth/magnus", [611.2, 17.62, 243.12, 21.5, 0.48])
def dew_point(m: Any, x: Any) -> Any:
    """Dew point [°C] by Magnus' formula: its constants, temperature, relative humidity."""
    at_zero, a, b, celsius, humidity = x
    pressure = humidity * at_zero * m.exp(a * celsius / (b + celsius))
    log = m.log(pressure / 611.2)
    return 243.12 * log / (17.62 - log)


@vector("earth/manning", [0.013, 2.4, 0.62, 1.6e-4])
def manning(m: Any, x: Any) -> Any:
    """Flow in a channel [m³/s]: roughness, width, depth, slope."""
    roughness, width, depth, slope = x
    area = width * depth
    radius = area / (width + 2 * depth)
    return area / roughness * m.exp(m.log(radius) * 2 / 3) * m.sqrt(slope)


@vector("earth/theis", [2.0e-3, 1.1e-3, 1.9e-4, 30.0, 8.64e4])
def theis(m: Any, x: Any) -> Any:
    """Drawdown at a well [m]: pumping, transmissivity, storage, distance, seconds."""
    pumping, transmissivity, storage, distance, t = x
    u = distance**2 * storage / (4 * transmissivity * t)
    well, term = -0.5772156649 - m.log(u), 1.0
    for k in range(1, 8):
        term = -term * u / k
        well = well - term / k
    return pumping / (4 * m.pi * transmissivity) * well


@vector("earth/richter", [3.2e-5, 120.0, 4.1e10, 1.3])
def richter(m: Any, x: Any) -> Any:
    """Moment magnitude: slip rate [m/s], seconds, rigidity [Pa], fault [1e9 m²]."""
    rate, seconds, rigidity, fault = x
    log = m.log10(rate * seconds) + m.log10(rigidity) + m.log10(fault) + 9.0
    return 2 / 3 * (log - 9.1)


@vector("earth/ocean-wave", [0.0785, 12.0, 1025.0, 1.4])
def ocean_wave(m: Any, x: Any) -> Any:
    """Power of a swell a metre of crest [W]: wave number, depth, density, height."""
    number, depth, density, height = x
    omega = m.sqrt(9.80665 * number * m.tanh(number * depth))
    z = 2 * number * depth
    return density * 9.80665 * height**2 / 8 * omega / number / 2 * (1 + z / m.sinh(z))


@vector("earth/hubble", [70.1, 0.301, 0.43])
def luminosity_distance(m: Any, x: Any) -> Any:
    """Metres to a supernova: constant [km/s/Mpc], matter, redshift, by Simpson's rule."""
    hubble, matter, redshift = x
    total = 0.0
    for k in range(9):
        weight = 1 if k in (0, 8) else 4 if k % 2 else 2
        z = redshift * k / 8
        total = total + weight / m.sqrt(matter * (1 + z) ** 3 + 1 - matter)
    return (1 + redshift) * 299792.458 / hubble * 3.0857e22 * total * redshift / 24


@vector("earth/star-flux", [3.828e26, 4.0e17, 1.8e-21])
def star_flux(m: Any, x: Any) -> Any:
    """Flux of a star through dust: luminosity [W], distance [m], extinction a metre."""
    luminosity, distance, extinction = x
    dimmed = luminosity * m.exp(-extinction * distance)
    return dimmed / distance / distance / (4 * m.pi)


@vector("earth/light-curve", [2455.0123, 3.5247, 0.0121, 0.09])
def transit(m: Any, x: Any) -> Any:
    """A planet's transit with soft edges, seen on day 2458.48: epoch, period, depth, length."""
    epoch, period, depth, length = x
    phase = (2458.48 - epoch) / period - 1
    edge = m.tanh((length / 2 - m.abs(phase) * period) / 0.02)
    return 1 - depth * (1 + edge) / 2
