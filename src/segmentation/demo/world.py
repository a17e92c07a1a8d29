"""The clean part of the demo data: personas, customers, orders, lines and products, as typed Arrow tables.

Everything is planted block by block. A block is `BLOCK_SIZE` customers with a random generator of its own, seeded by
(seed, block number), so a block depends on nothing but these two: memory stays bounded whatever the size, and the
number of blocks that are written together cannot change a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

BLOCK_SIZE = 2_000
FIRST_DAY = np.datetime64("2024-01-01", "D")
LAST_DAY = np.datetime64("2025-12-31", "D")
DAYS = int((LAST_DAY - FIRST_DAY).astype(np.int64)) + 1
LAST_SECOND = np.datetime64("2025-12-31T23:59:59", "s")
LOADED_AT = np.datetime64("2026-01-01T03:00:00", "s")
DEFAULT_ORDERS_PER_CUSTOMER = 5.0
NEVER_BOUGHT = "never bought"
NEVER_BOUGHT_SHARE = 0.08
PRODUCT_COUNT = 200
ORDER_NUMBERS_PER_BLOCK = 100_000
SATURDAY = 5
LONGEST_ORDER_HISTORY = 45

CATEGORIES = ("garden", "home", "kids", "fashion", "grocery")
CHANNELS = ("web", "app", "store")
ACQUISITION_CHANNELS = ("search", "social", "referral", "email", "marketplace")
REGIONS = ("North", "East", "South", "West", "Central")
COUNTRIES = ("DE", "FR", "NL", "AT")
COUNTRY_SHARES = (0.58, 0.18, 0.14, 0.10)
# Demand by calendar month: a summer dip and a December peak.
MONTH_WEIGHTS = (0.80, 0.80, 0.90, 0.95, 1.00, 0.95, 0.80, 0.80, 0.95, 1.05, 1.40, 2.20)


@dataclass(frozen=True)
class Persona:
    """One planted segment: how its customers buy, and who they are.

    Shares and probabilities are in 0..1, `orders` is the mean number of orders of a customer at the default size,
    `recency_days` the median number of days between the last order and the last day, `tier` the mean position in the
    price range of a category (0 cheapest, 1 dearest). The preferred category, channel, region and acquisition channel
    are positions in the tuples above; `loyalty` is the probability of each of them.
    """

    name: str
    share: float
    orders: float
    recency_days: float
    tier: float
    lines: float
    quantity: float
    discount: float
    weekend: float
    returns: float
    age: float
    category: int
    channel: int
    region: int
    acquisition: int
    loyalty: float = 0.82


PERSONAS = (
    Persona("bargain hunters", 0.27, 4.6, 45, 0.35, 2.4, 1.5, 0.85, 0.20, 0.01, 27, 3, 1, 1, 1),
    Persona("weekend families", 0.24, 3.5, 45, 0.34, 4.6, 3.0, 0.10, 0.88, 0.01, 37, 2, 0, 2, 0),
    Persona("loyal regulars", 0.20, 11.0, 12, 0.45, 2.6, 1.4, 0.12, 0.20, 0.01, 57, 4, 2, 4, 3),
    Persona("lapsed occasionals", 0.17, 2.0, 400, 0.40, 2.2, 1.4, 0.10, 0.22, 0.01, 66, 1, 2, 3, 4),
    Persona("premium returners", 0.12, 6.5, 30, 0.92, 2.4, 1.4, 0.08, 0.25, 0.25, 50, 0, 1, 0, 2),
)

ONSETS = ("b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "br", "kr", "st", "ch")
VOWELS = ("a", "e", "i", "o", "u", "é", "ö", "ø", "ia", "au")
CODAS = ("n", "r", "l", "s", "ß", "ñ", "", "", "", "m")
DESCRIPTIONS = (
    "plain", "striped", 'round, 12" wide', "large, blue", "folding", "crème", "set of 3,\nassorted", "“Größe” 40",
)  # fmt: skip


class Orders(NamedTuple):
    """Planted orders of one block, one entry per order, sorted by customer and time."""

    customer: Ints
    second: Ints
    channel: Ints
    discounted: Bools
    cancelled_second: Ints
    status: Ints


@dataclass(frozen=True)
class Block:
    """One block of the clean world: typed tables, the truth, and spare customers that dirt is made of."""

    number: int
    customers: pa.Table
    orders: pa.Table
    order_items: pa.Table
    truth: pa.Table
    spare_customers: pa.Table


STATUSES = ("completed", "cancelled", "returned")


def _persona(attribute: str) -> Floats:
    return np.array([getattr(persona, attribute) for persona in PERSONAS], dtype=np.float64)


def _persona_code(attribute: str) -> Ints:
    return np.array([getattr(persona, attribute) for persona in PERSONAS], dtype=np.int64)


def take(values: tuple[str, ...], codes: Ints) -> pa.Array:
    """Return the strings at `codes` as an Arrow array."""
    return pa.array(values, pa.string()).take(pa.array(codes))


def numbered(prefix: str, numbers: Ints, width: int) -> pa.Array:
    """Return identifiers such as ``O0000012``: a prefix and zero-padded numbers of `width` digits."""
    padded = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, padded, "")


def money(cents: Ints) -> pa.Array:
    """Return amounts in cents as an Arrow decimal with two places, exactly."""
    words = np.empty((len(cents), 2), dtype=np.int64)  # a 128-bit integer is two little-endian words
    words[:, 0] = cents
    words[:, 1] = cents >> 63
    return pa.Array.from_buffers(pa.decimal128(12, 2), len(cents), [None, pa.py_buffer(words)])


def timestamps(seconds: Ints, missing: Bools | None = None) -> pa.Array:
    """Return seconds since 1970 (UTC) as an Arrow timestamp, null where `missing`."""
    return pa.array(seconds.astype("datetime64[s]"), pa.timestamp("s"), mask=missing)


def days_to_dates(days: Ints) -> pa.Array:
    """Return days since 1970 as an Arrow date."""
    return pa.array(days.astype("datetime64[D]"), pa.date32())


def nullable(values: pa.Array, missing: Bools) -> pa.Array:
    """Return `values` with nulls where `missing`."""
    return pc.if_else(pa.array(missing), pa.scalar(None, values.type), values)


def block_generator(seed: int, block: int) -> np.random.Generator:
    """Return the random generator of one block."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, block])))


@cache
def vocabulary(kind: str) -> tuple[str, ...]:
    """Return invented words of two syllables, the same in every run. `kind` is first, last or city."""
    rng = np.random.Generator(np.random.PCG64({"first": 1, "last": 2, "city": 3}[kind]))
    ending = {
        "first": ("a", "o", "in", "e"),
        "last": ("sen", "ert", "ov", "mann"),
        "city": ("burg", "ville", "dam", "au"),
    }
    words = []
    for _ in range(150):
        syllables = [
            ONSETS[rng.integers(len(ONSETS))] + VOWELS[rng.integers(len(VOWELS))] + CODAS[rng.integers(len(CODAS))]
            for _ in range(1 if kind == "first" else 2)
        ]
        words.append("".join([*syllables, ending[kind][rng.integers(4)]]).capitalize())
    return tuple(words)


def price_list() -> Ints:
    """Return the price in cents per product, 40 products a category from cheap to dear."""
    per_category = PRODUCT_COUNT // len(CATEGORIES)
    rank = np.arange(PRODUCT_COUNT) % per_category / (per_category - 1)
    return (np.rint(3.0 * np.exp(3.4 * rank)) * 100 - 5).astype(np.int64)


def plant_products(seed: int) -> pa.Table:
    """Return the clean products: one row per product, with names that hold quotes, commas and newlines."""
    rng = block_generator(seed, 2**31)
    numbers = np.arange(PRODUCT_COUNT)
    words = vocabulary("first")
    names = [
        f"{words[rng.integers(len(words))]} {DESCRIPTIONS[rng.integers(len(DESCRIPTIONS))]}"
        for _ in range(PRODUCT_COUNT)
    ]
    cost = np.rint(price_list() * rng.uniform(0.45, 0.65, PRODUCT_COUNT)).astype(np.int64)
    return pa.table(
        {
            "product_id": numbered("P", numbers + 1, 4),
            "product_name": pa.array(names, pa.string()),
            "category": take(CATEGORIES, numbers // (PRODUCT_COUNT // len(CATEGORIES))),
            "unit_cost": money(cost),
        }
    )


def plant_block(*, seed: int, number: int, customers: int, spare: int, orders_per_customer: float) -> Block:
    """Plant one block.

    Parameters
    ----------
    seed, number
        Seed of the whole data set and number of the block: together they fix every value.
    customers
        Number of customers, at most `BLOCK_SIZE`; fewer in the last block.
    spare
        Number of further customers that are no part of the world: the material of dirty rows.
    orders_per_customer
        Mean number of orders over all customers, those who never bought included.
    """
    rng = block_generator(seed, number)
    segment = _assign_segments(rng, customers)
    facts = _plant_orders(rng, segment, orders_per_customer, anchor=number == 0)
    first_second = np.full(customers + spare, np.iinfo(np.int64).max)
    np.minimum.at(first_second, facts.customer, facts.second)
    ids = numbered("", np.arange(customers) + number * BLOCK_SIZE + 1, 8)
    spare_ids = numbered("8", np.arange(spare) + number * spare + 1, 7)
    all_ids = pa.concat_arrays([ids, spare_ids])
    people = _plant_customers(rng, np.concatenate([segment, np.full(spare, -1)]), first_second, all_ids)
    lines = _plant_lines(rng, segment, facts)
    orders, items = _order_tables(rng, facts, lines, ids, number)
    names = tuple(persona.name for persona in PERSONAS)
    truth = pa.table({"customer_id": ids, "segment": take((*names, NEVER_BOUGHT), segment % (len(names) + 1))})
    return Block(number, people.slice(0, customers), orders, items, truth, people.slice(customers))


def _assign_segments(rng: np.random.Generator, customers: int) -> Ints:
    """Return a persona per customer, -1 for those who never bought, in shares that are exact up to rounding."""
    shares = np.concatenate([_persona("share") * (1 - NEVER_BOUGHT_SHARE), [NEVER_BOUGHT_SHARE]])
    bounds = np.rint(np.cumsum(shares) * customers).astype(np.int64)
    segment = np.searchsorted(bounds, np.arange(customers), side="right")
    segment = np.where(segment >= len(PERSONAS), -1, segment)
    return rng.permutation(segment)


def _flags(rng: np.random.Generator, n: int, share: float) -> Bools:
    """Return n independent flags, each true with probability `share`."""
    return np.asarray(rng.random(n) < share)


def _even_flags(rng: np.random.Generator, customer: Ints, rank: Ints, probability: Floats) -> Bools:
    """Return flags spread evenly over each customer's orders, so that a short history still shows its share."""
    start = rng.random(int(customer.max(initial=-1)) + 1)[customer] if len(customer) else np.empty(0)
    return np.asarray(np.floor((rank + 1) * probability + start) > np.floor(rank * probability + start))


@cache
def _calendar() -> tuple[Floats, Floats]:
    """Return cumulated demand by day, one entry more than days: over working days, and over weekends."""
    days = FIRST_DAY + np.arange(DAYS)
    month = days.astype("datetime64[M]").astype(np.int64) % 12
    weekend = (days.astype(np.int64) + 3) % 7 >= SATURDAY  # day 0 of the epoch was a Thursday
    weight = np.array(MONTH_WEIGHTS)[month]
    working = np.concatenate([[0.0], np.cumsum(np.where(weekend, 0.0, weight))])
    return working, np.concatenate([[0.0], np.cumsum(np.where(weekend, weight, 0.0))])


def _draw_days(rng: np.random.Generator, first: Ints, last: Ints, weekend: Bools) -> Ints:
    """Return a day in [first, last] per entry by seasonal demand, on a weekend or not; `last` where there is none."""
    uniform = rng.random(len(first))
    drawn = last.copy()
    for flag, cumulated in ((False, _calendar()[0]), (True, _calendar()[1])):
        low, high = cumulated[first], cumulated[last + 1]
        found = np.searchsorted(cumulated, low + uniform * (high - low), side="right") - 1
        drawn = np.where((weekend == flag) & (high > low), np.clip(found, first, last), drawn)
    return drawn


def _plant_orders(rng: np.random.Generator, segment: Ints, orders_per_customer: float, *, anchor: bool) -> Orders:
    """Plant the orders of one block; with `anchor`, one of them lies on the last day, which fixes the as-of date."""
    buyers = np.flatnonzero(segment >= 0)
    persona = segment[buyers]
    mean = _persona("orders")[persona] * orders_per_customer / DEFAULT_ORDERS_PER_CUSTOMER
    wished = np.rint(mean * rng.lognormal(0.0, 0.22, len(buyers)))
    count = np.clip(wished, 1, LONGEST_ORDER_HISTORY).astype(np.int64)
    age = np.rint(_persona("recency_days")[persona] * rng.lognormal(0.0, 0.35, len(buyers))).astype(np.int64)
    last_day = DAYS - 1 - np.minimum(age, DAYS - 60)
    first_day = np.rint(rng.uniform(0.0, 0.35, len(buyers)) * last_day).astype(np.int64)
    if anchor and len(buyers):
        last_day[0] = DAYS - 1

    owner = np.repeat(np.arange(len(buyers)), count)
    starts = np.cumsum(count) - count
    rank = np.arange(len(owner)) - starts[owner]
    is_last = rank == count[owner] - 1
    taste = np.clip(_persona("weekend")[persona] + rng.normal(0.0, 0.05, len(buyers)), 0.02, 0.98)
    weekend = _even_flags(rng, owner, rank, taste[owner])
    day = _draw_days(rng, first_day[owner], last_day[owner], weekend)
    # The last order falls within the week before the planted day, so that it keeps to the weekend habit as well.
    final = _draw_days(rng, np.maximum(last_day[owner] - 6, 0), last_day[owner], weekend)
    day = np.where(is_last, final, np.minimum(day, last_day[owner]))
    if anchor and len(buyers):
        day[starts[0] + count[0] - 1] = DAYS - 1
    clock = np.clip(rng.normal(15.0, 3.5, len(owner)), 7.0, 22.9) * 3600
    second = int(FIRST_DAY.astype("datetime64[s]").astype(np.int64)) + day * 86_400 + clock.astype(np.int64)
    sequence = np.lexsort((second, owner))
    owner, second = owner[sequence], second[sequence]

    channel = _prefer(rng, _persona_code("channel")[persona[owner]], len(CHANNELS), persona[owner])
    discounted = _even_flags(rng, owner, rank, _persona("discount")[persona[owner]])
    # A cancelled order is never the last one: the planted recency holds whether or not cancellations are netted.
    cancelled = _flags(rng, len(owner), 0.04) & (rank < count[owner] - 1) & (rank > 0)
    undated = cancelled & _flags(rng, len(owner), 0.1)
    after = second + rng.integers(3_600, 4 * 86_400, len(owner))
    cancelled_second = np.where(cancelled & ~undated, np.minimum(after, int(LAST_SECOND.astype(np.int64))), -1)
    return Orders(buyers[owner], second, channel, discounted, cancelled_second, cancelled.astype(np.int64))


def _prefer(rng: np.random.Generator, favourite: Ints, options: int, persona: Ints) -> Ints:
    """Return the favourite with the persona's loyalty, else any of the options."""
    loyal = rng.random(len(favourite)) < _persona("loyalty")[persona]
    return np.where(loyal, favourite, rng.integers(0, options, len(favourite)))


def _plant_lines(rng: np.random.Generator, segment: Ints, orders: Orders) -> dict[str, Any]:
    """Plant the lines of the orders: arrays with one entry per line, `order` the position of its order."""
    persona = segment[orders.customer]
    count = np.minimum(1 + rng.poisson(_persona("lines")[persona] - 1), 12)
    order = np.repeat(np.arange(len(persona)), count)
    starts = np.cumsum(count) - count
    line_persona = persona[order]
    quantity = 1 + rng.poisson(_persona("quantity")[line_persona] - 1)
    customer = orders.customer[order]
    tier = np.clip(_persona("tier")[segment] + rng.normal(0.0, 0.06, len(segment)), 0.0, 1.0)
    per_category = PRODUCT_COUNT // len(CATEGORIES)
    rank = np.clip(tier[customer] + rng.normal(0.0, 0.12, len(order)), 0.0, 1.0) * (per_category - 1)
    category = _prefer(rng, _persona_code("category")[line_persona], len(CATEGORIES), line_persona)
    product = category * per_category + np.rint(rank).astype(np.int64)
    price = price_list()[product]
    rate = rng.integers(4, 8, len(order)) * 5  # a coupon of 20 to 35 per cent
    discount = np.where(orders.discounted[order], price * quantity * rate // 100, 0)
    line_number = np.arange(len(order)) - starts[order] + 1
    returned = rng.random(len(order)) < _persona("returns")[line_persona]
    return {
        "order": order, "number": line_number, "product": product, "quantity": quantity, "price": price,
        "discount": discount, "returned": returned,
    }  # fmt: skip


def _order_tables(
    rng: np.random.Generator, orders: Orders, lines: dict[str, Any], customer_ids: pa.Array, block: int
) -> tuple[pa.Table, pa.Table]:
    """Return orders and lines as tables, with returns as negative lines in a later order of their own."""
    day = 86_400
    return_second = orders.second + rng.integers(3 * day, 20 * day, len(orders.second))
    possible = (return_second <= int(LAST_SECOND.astype(np.int64))) & (orders.status == 0)
    back = lines["returned"] & possible[lines["order"]]
    origins = np.unique(lines["order"][back])
    total = len(orders.second) + len(origins)
    if total > ORDER_NUMBERS_PER_BLOCK:
        raise ValueError(f"a block holds {total} orders, at most {ORDER_NUMBERS_PER_BLOCK} have a number")

    customer = np.concatenate([orders.customer, orders.customer[origins]])
    second = np.concatenate([orders.second, return_second[origins]])
    status = np.concatenate([orders.status, np.full(len(origins), STATUSES.index("returned"))])
    channel = np.concatenate([orders.channel, orders.channel[origins]])
    cancelled = np.concatenate([orders.cancelled_second, np.full(len(origins), -1)])
    updated = np.minimum(np.maximum(second + 2 * day, cancelled), int(LOADED_AT.astype(np.int64)))
    ids = numbered("O", np.arange(total) + block * ORDER_NUMBERS_PER_BLOCK + 1, 9)
    order_table = pa.table(
        {
            "order_id": ids,
            "customer_id": customer_ids.take(pa.array(customer)),
            "ordered_at": timestamps(second),
            "status": take(STATUSES, status),
            "cancelled_at": timestamps(cancelled, cancelled < 0),
            "channel": take(CHANNELS, channel),
            "currency": take(("EUR",), np.zeros(total, dtype=np.int64)),
            "updated_at": timestamps(updated),
        }
    )
    # What comes back is refunded at the price that was paid: the unit price of a return is net of the discount.
    paid = (lines["quantity"] * lines["price"] - lines["discount"])[back] // lines["quantity"][back]
    return_order = len(orders.second) + np.searchsorted(origins, lines["order"][back])
    order = np.concatenate([lines["order"], return_order])
    product = np.concatenate([lines["product"], lines["product"][back]])
    item_table = pa.table(
        {
            "order_id": ids.take(pa.array(order)),
            "line_number": pa.array(np.concatenate([lines["number"], lines["number"][back]]), pa.int32()),
            "product_id": numbered("P", np.arange(PRODUCT_COUNT) + 1, 4).take(pa.array(product)),
            "quantity": pa.array(np.concatenate([lines["quantity"], -lines["quantity"][back]]), pa.int32()),
            "unit_price": money(np.concatenate([lines["price"], paid])),
            "discount_amount": money(np.concatenate([lines["discount"], np.zeros(len(paid), dtype=np.int64)])),
        }
    )
    return order_table, item_table


def _plant_customers(rng: np.random.Generator, segment: Ints, first_second: Ints, ids: pa.Array) -> pa.Table:
    """Plant one row per customer; who never bought (segment -1) has the traits of anybody."""
    n = len(segment)
    trait = np.where(segment >= 0, segment, rng.integers(0, len(PERSONAS), n))
    day = 86_400
    anywhere = int(FIRST_DAY.astype("datetime64[s]").astype(np.int64)) + rng.integers(0, (DAYS - 30) * day, n)
    before = np.minimum(first_second, int(LAST_SECOND.astype(np.int64)))
    ahead = (rng.exponential(12.0, n) * day).astype(np.int64) + 600
    signup = np.where(segment >= 0, before - ahead, anywhere)
    age_days = np.clip(rng.normal(_persona("age")[trait], 6.0), 18.0, 92.0) * 365.25
    birth = int(LAST_DAY.astype(np.int64)) - age_days.astype(np.int64)
    updated = signup + rng.integers(0, 40 * day, n)
    first, last, city = (rng.integers(0, len(vocabulary(kind)), n) for kind in ("first", "last", "city"))
    female = _flags(rng, n, 0.54)
    domain = take(("example.com", "example.org"), rng.integers(0, 2, n))
    # +49 30 23125 000 to 999 are numbers that the German regulator reserves for fiction.
    phone = numbered("+49 30 23125 ", rng.integers(0, 1_000, n), 3)
    consent = _flags(rng, n, 0.6)
    return pa.table(
        {
            "customer_id": ids,
            "first_name": take(vocabulary("first"), first),
            "last_name": take(vocabulary("last"), last),
            "email": pc.binary_join_element_wise(pc.binary_join_element_wise("customer", ids, "."), domain, "@"),
            "phone": nullable(phone, _flags(rng, n, 0.1)),
            "birth_date": nullable(days_to_dates(birth), _flags(rng, n, 0.02)),
            "gender": nullable(take(("male", "female"), female.astype(np.int64)), _flags(rng, n, 0.04)),
            "country": take(COUNTRIES, rng.choice(len(COUNTRIES), n, p=COUNTRY_SHARES)),
            "region": take(REGIONS, _prefer(rng, _persona_code("region")[trait], len(REGIONS), trait)),
            "city": take(vocabulary("city"), city),
            "postal_code": numbered("", rng.integers(1_000, 99_999, n), 5),
            "signup_at": timestamps(signup),
            "acquisition_channel": take(
                ACQUISITION_CHANNELS,
                _prefer(rng, _persona_code("acquisition")[trait], len(ACQUISITION_CHANNELS), trait),
            ),
            "marketing_consent": nullable(pa.array(consent), _flags(rng, n, 0.03)),
            "updated_at": timestamps(np.minimum(updated, int(LOADED_AT.astype(np.int64)))),
            "loaded_at": timestamps(np.full(n, int(LOADED_AT.astype(np.int64)))),
        }
    )
