#!/usr/bin/env python3
"""Makes the price catalogue of the program out of the two public price maps, and tells where they differ.

    python3 Tests/Conformance/catalogue.py            # says whether Sources/CPriceCatalogue/prices.jsonl is what the maps and the decisions make
    python3 Tests/Conformance/catalogue.py --write    # writes it, and the table of differences in Docs/Prices.md
    python3 Tests/Conformance/catalogue.py --differ   # prints the differences that nobody has decided

The maps are those of the packages `litellm` (its JSON is read; the package is not imported) and `genai-prices`, in the versions that
`catalogue.json` beside this file names; a difference is decided there too, by model and class or by a rule. Where a model has no decision
and the maps differ, nothing is written. Prices are decimals from the maps' text to the catalogue's: no floating point touches them.
"""

import collections
import datetime
import importlib.metadata
import importlib.util
import json
import pathlib
import re
import sys
from decimal import Decimal

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
CATALOGUE = ROOT / "Sources/CPriceCatalogue/prices.jsonl"
PAGE = ROOT / "Docs/Prices.md"
RULES = json.loads((HERE / "catalogue.json").read_text())

# Ours, LiteLLM's names with the beginnings of its keys, genai-prices' name, whether models that only the latter has are taken.
PROVIDERS = [
    ("openai", ["openai"], ["openai/"], "openai", True),
    ("anthropic", ["anthropic"], ["anthropic/"], "anthropic", True),
    ("google", ["gemini"], ["gemini/"], "google", True),
    ("deepseek", ["deepseek"], ["deepseek/"], "deepseek", True),
    ("mistral", ["mistral"], ["mistral/"], "mistral", True),
    ("xai", ["xai"], ["xai/"], "x-ai", True),
    ("groq", ["groq"], ["groq/"], "groq", False),
    ("together", ["together_ai"], ["together_ai/"], "together", False),
    ("cerebras", ["cerebras"], ["cerebras/"], "cerebras", False),
    ("cohere", ["cohere", "cohere_chat"], ["cohere/", "cohere_chat/"], "cohere", False),
    ("moonshot", ["moonshot"], ["moonshot/"], "moonshotai", False),
    ("perplexity", ["perplexity"], ["perplexity/"], "perplexity", False),
    ("fireworks", ["fireworks_ai"], ["fireworks_ai/"], "fireworks", False),
]
ALIASES = {
    "gemini": "google", "x-ai": "xai", "together_ai": "together", "cohere_chat": "cohere", "moonshotai": "moonshot", "fireworks_ai": "fireworks",
}
INCLUSIVE = {"xai"}
CHECKED = datetime.date.fromisoformat(RULES["checked_at"])
MILLION = Decimal(1_000_000)

LITELLM_CLASSES = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_audio_token": "audio_input",
    "output_cost_per_audio_token": "audio_output",
}
LITELLM_KEY = re.compile(
    "^(" + "|".join(LITELLM_CLASSES) + r")(_above_(?:1|12)hr)?(?:_above_(\d+)k_tokens)?(?:_(batches|flex|priority|ultrafast|balanced|decisions))?"
    r"(?:_above_(\d+)k_tokens)?$"
)
GENAI_CLASSES = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_long",
    "output_reasoning_mtok": "reasoning",
    "input_audio_mtok": "audio_input",
    "output_audio_mtok": "audio_output",
}
CLASSES = ["input", "cache_read", "cache_write", "cache_write_long", "audio_input", "output", "reasoning", "audio_output"]
SERVICES = ["batch", "flex", "priority", "fast", "ultrafast", "balanced", "decisions"]
DATED = re.compile(r"^(.+?)[-@](\d{8}|\d{4}-\d{2}-\d{2})$")


# Price tables: {(service or "", window or "", bound of the context or 0): {class: dollars per million tokens}}


def litellm_map():
    spec = importlib.util.find_spec("litellm")
    if spec is None:
        sys.exit("catalogue.py: the package litellm is not here: pip install litellm")
    path = pathlib.Path(spec.submodule_search_locations[0]) / "model_prices_and_context_window_backup.json"
    return json.loads(path.read_text(), parse_float=Decimal, parse_int=int)


def genai_providers():
    try:
        from genai_prices.data import providers
    except ImportError:
        sys.exit("catalogue.py: the package genai-prices is not here: pip install genai-prices")
    return {provider.id: provider for provider in providers}


def litellm_entry(value, provider):
    """The table of an entry of LiteLLM's map, and what else it says; `None` where it has no price of text by the token."""
    if value.get("mode") not in ("chat", "responses", "completion") or value.get("tiered_pricing"):
        return None
    table = collections.defaultdict(dict)
    for key, price in value.items():
        found = LITELLM_KEY.match(key)
        if not found or price is None:
            continue
        name, long, bound, service, later = found.groups()
        kind = LITELLM_CLASSES[name] + ("_long" if long else "")
        service = {"batches": "batch", None: ""}.get(service, service)
        table[(service, "", int(bound or later or 0) * 1000)][kind] = Decimal(price) * MILLION
    standard = table.get(("", "", 0), {})
    if not standard.get("input") or "output" not in standard:
        return None
    extras = {}
    off = value.get("off_peak_pricing")
    if off:
        for key, price in off.items():
            if key in LITELLM_CLASSES:
                table[("", "off_peak", 0)][LITELLM_CLASSES[key]] = Decimal(price) * MILLION
        extras["hours"] = hours(off)
    regions = {}
    for region in ("eu", "us"):
        times = value.get(f"regional_processing_uplift_multiplier_{region}") or (value.get("provider_specific_entry") or {}).get(region)
        if times:
            regions[region] = plain(Decimal(times))
    if regions:
        extras["regions"] = regions
    if (value.get("provider_specific_entry") or {}).get("fast"):
        extras["fast"] = plain(Decimal(value["provider_specific_entry"]["fast"]))
    search = set((value.get("search_context_cost_per_query") or {}).values())
    if len(search) == 1:
        extras["web_search_usd"] = plain(Decimal(search.pop()))
    if value.get("max_input_tokens"):
        extras["context_window"] = int(value["max_input_tokens"])
    if provider == "openai":
        # OpenAI's `fast` is its `priority` by another name, in genai-prices too.
        for (service, window, bound), prices in list(table.items()):
            if service == "priority":
                table[("fast", window, bound)] = dict(prices)
    # The vendor halves each class in a batch; the map has no key for the long life time there.
    for bound in {bound for _, _, bound in table}:
        batch, base = table.get(("batch", "", bound), {}), table.get(("", "", bound), {})
        if "cache_write" in batch and "cache_write_long" in base and "cache_write_long" not in batch and batch["cache_write"] * 2 == base["cache_write"]:
            batch["cache_write_long"] = base["cache_write_long"] / 2
    return dict(table), extras


def with_host_defaults(table, provider):
    """A table with what the host states for all its models: at Fireworks cached input costs half, unless a price says otherwise."""
    if provider == "fireworks" and not any("cache_read" in prices for prices in table.values()):
        table[("", "", 0)]["cache_read"] = table[("", "", 0)]["input"] / 2
    return table


def request_fee(model):
    """What genai-prices states for each request, in dollars."""
    from genai_prices.types import ModelPrice

    prices = model.prices if isinstance(model.prices, ModelPrice) else None
    fee = getattr(prices, "requests_kcount", None) if prices is not None and "requests_kcount" in prices.__dict__ else None
    return {"request_usd": plain(fee / 1000)} if isinstance(fee, Decimal) else {}


def hours(off):
    """LiteLLM's windows as `1-5 00:00-01:00 04:00-06:00; 6-7 00:00-24:00`."""

    def spans(value):
        result = []
        for span in [value] if isinstance(value, str) else value:
            start, end = span.split("-")
            end = "24:00" if end == "00:00" else end
            result += [f"{start}-{end}"] if start < end else [f"00:00-{end}", f"{start}-24:00"]
        return " ".join(sorted(result))

    rules = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "hours_utc": off["hours_utc"]}] if "hours_utc" in off else []
    parts = []
    for rule in rules + list(off.get("windows", [])):
        days = sorted(rule.get("weekdays", range(1, 8)))
        assert days == list(range(days[0], days[-1] + 1)), days
        parts.append(f"{days[0]}-{days[-1]} {spans(rule['hours_utc'])}")
    return "; ".join(parts)


def genai_prices_of(prices):
    """The tables of one ModelPrice: {bound: {class: price}}."""
    table = collections.defaultdict(dict)
    for key, price in prices.__dict__.items():
        if price is None or key not in GENAI_CLASSES:
            continue
        if isinstance(price, Decimal):
            table[0][GENAI_CLASSES[key]] = price
        else:
            table[0][GENAI_CLASSES[key]] = price.base
            for tier in price.tiers:
                table[tier.start][GENAI_CLASSES[key]] = tier.price
    return table


def genai_lists(model):
    """[(from, to, table)] of a model in the order of time; tables with a window `peak` where the price depends on the hour."""
    from genai_prices.types import ModelPrice, StartDateConstraint, TimeOfDateConstraint

    conditional = model.prices if isinstance(model.prices, list) else []
    plain_prices = [model.prices] if isinstance(model.prices, ModelPrice) else [conditional[0].prices]
    starts = [None]
    peak = collections.defaultdict(dict)
    hours = []
    for one in conditional[1:]:
        if isinstance(one.constraint, StartDateConstraint):
            plain_prices.append(one.prices)
            starts.append(one.constraint.start_date)
        elif isinstance(one.constraint, TimeOfDateConstraint):
            for bound, prices in genai_prices_of(one.prices).items():
                peak[("", "peak", bound)] = prices
            start, end = one.constraint.start_time.strftime("%H:%M"), one.constraint.end_time.strftime("%H:%M")
            hours.append(f"{start}-{'24:00' if end == '00:00' else end}")
    lists = []
    for index, prices in enumerate(plain_prices):
        table = {("", "", bound): values for bound, values in genai_prices_of(prices).items()}
        start, end = starts[index], starts[index + 1] if index + 1 < len(starts) else None
        moment = max(start or datetime.date.min, CHECKED)
        if end is None or end > CHECKED:
            table.update(peak)
            for variant in model.price_variants or []:
                service = variant.when.get("service_tier") or variant.when.get("processing")
                begins = variant.constraint.start_date if isinstance(variant.constraint, StartDateConstraint) else datetime.date.min
                if service in SERVICES and len(variant.when) == 1 and begins <= moment:
                    for bound, values in genai_prices_of(variant.prices).items():
                        known = table.setdefault((service, "", bound), {})
                        # The first that holds counts, class by class.
                        for kind, price in values.items():
                            known.setdefault(kind, price)
        table = {place: values for place, values in table.items() if values}
        lists.append((start, end, table))
    if hours and len(lists) > 2:
        # What held at peak hours between two dates is not told: there is no price then.
        lists = [lists[0], lists[-1]]
    return lists, " ".join(sorted(hours))


def names_of(match):
    """The ids that a model of genai-prices is matched by in full, and those with a date behind."""
    kind = type(match).__name__
    if kind == "ClauseOr":
        return [name for clause in match.or_ for name in names_of(clause)]
    if kind == "ClauseEquals":
        return [match.equals]
    if kind == "ClauseRegex":
        found = re.fullmatch(r"\^([a-z0-9.-]+)-\\d\{8\}\$", match.regex)
        return [f"{found[1]}-########"] if found else []
    return []


def plain(number):
    text = format(number.normalize(), "f")
    return text


def prices_json(values):
    return {kind: plain(values[kind]) for kind in CLASSES if kind in values}


def tiers_json(table, service, window, inclusive):
    return [
        {"prompt_tokens": bound, **({"inclusive": True} if inclusive else {}), "per_mtok_usd": prices_json(table[key])}
        for key in sorted(table)
        if key[:2] == (service, window) and (bound := key[2])
    ]


def entry_json(provider, names, table, extras, source, start=None, end=None):
    # Reasoning at the price of output is what stands in for it anyway, on whatever terms.
    if all(values.get("reasoning", values.get("output")) == values.get("output") for values in table.values()):
        table = {place: {kind: price for kind, price in values.items() if kind != "reasoning"} for place, values in table.items()}
    entry = {"provider": provider, "models": names}
    if start:
        entry["from"] = str(start)
    if end:
        entry["to"] = str(end)
    for key in ("context_window", "image_tokens"):
        if key in extras:
            entry[key] = extras[key]
    if source:
        entry["source"] = source
    inclusive = provider in INCLUSIVE
    entry["per_mtok_usd"] = prices_json(table[("", "", 0)])
    if tiers := tiers_json(table, "", "", inclusive):
        entry["above"] = tiers
    for fee in ("request_usd", "web_search_usd"):
        if fee in extras:
            entry[fee] = extras[fee]
    for window in ("off_peak", "peak"):
        if ("", window, 0) in table:
            entry["windows"] = [{"name": window, "hours": extras["hours"], "per_mtok_usd": prices_json(table[("", window, 0)])}]
    services = {}
    for service in SERVICES:
        if (service, "", 0) in table:
            services[service] = {"per_mtok_usd": prices_json(table[(service, "", 0)])}
            if tiers := tiers_json(table, service, "", inclusive):
                services[service]["above"] = tiers
    if "fast" in extras:
        services["fast"] = {"times": extras["fast"]}
    if services:
        entry["services"] = services
    if "regions" in extras:
        entry["regions"] = extras["regions"]
    return entry


def is_exact(entry):
    """Whether each price is a whole number of pico-dollars a token, and none a mistake of units."""

    def figures(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                if key == "per_mtok_usd":
                    yield from (Decimal(price) for price in inner.values())
                else:
                    yield from figures(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from figures(inner)

    factors = [Decimal(times) for times in entry.get("regions", {}).values()]
    return all(
        price * MILLION * factor == int(price * MILLION * factor) and (price == 0 or Decimal("0.0005") <= price <= 10000)
        for price in figures(entry)
        for factor in [Decimal(1), *factors]
    )


def differences(name, ours, other):
    """[(model, where, class, LiteLLM's, genai-prices')] of prices that both state."""
    found = []
    for place in sorted(set(ours) & set(other)):
        service, window, bound = place
        for kind in CLASSES:
            first, second = ours[place].get(kind), other[place].get(kind)
            if first is not None and second is not None and first != second:
                where = " ".join(part for part in (service, window, f">{bound}" if bound else "") if part)
                found.append((name, where, kind, plain(first), plain(second)))
    return found


def joined(ours, other):
    """A table with what only the other map states; how many prices that is."""
    count = 0
    for place, prices in other.items():
        # Thresholds of which the first knows nothing are a difference of its whole table, which is looked at by hand.
        if place[1] or place[:2] == ("", "") and place[2] and not any(key[2] == place[2] for key in ours):
            continue
        for kind, price in prices.items():
            if kind not in ours.get(place, {}):
                ours.setdefault(place, {})[kind] = price
                count += 1
    return count


def decided(difference):
    """The decision of a difference: {take, why}."""
    name, where, kind, _, _ = difference
    for rule in RULES["decisions"]:
        if re.fullmatch(rule["model"], name) and re.fullmatch(rule.get("where", ".*"), where) and re.fullmatch(rule.get("class", ".*"), kind):
            return rule
    return None


def main():
    for package, version in RULES["packages"].items():
        if importlib.metadata.version(package) != version:
            sys.exit(f"catalogue.py: {package} {importlib.metadata.version(package)} is here, and {version} is needed: pip install {package}=={version}")
    litellm, genai = litellm_map(), genai_providers()
    both = " and ".join(f"{package} {version}" for package, version in RULES["packages"].items())
    only = {package: f"{package} {version}" for package, version in RULES["packages"].items()}

    entries, all_differences, all_bounds, left_out = [], [], [], []
    checked = collections.Counter()
    for provider, litellm_names, prefixes, genai_name, takes_others in PROVIDERS:
        models = {}
        for key, value in litellm.items():
            if value.get("litellm_provider") not in litellm_names:
                continue
            name = next((key[len(prefix):] for prefix in prefixes if key.startswith(prefix)), key)
            read = litellm_entry(value, provider)
            if read is None:
                if value.get("mode") in ("chat", "responses", "completion"):
                    left_out.append((f"{provider}/{name}", "no price by the token, or zero, in LiteLLM's map"))
            elif name not in models or key == name:
                models[name] = read
        other = genai[genai_name]
        matched = {}
        for name in models:
            info = other.find_model(name)
            if info is not None:
                matched[name] = info

        # Models under several names at one price are one entry: the family, then its dated names.
        families = {}
        for name in sorted(models, key=lambda name: (len(name), name)):
            found = DATED.match(name)
            family = found[1] if found else (name[: -len("-latest")] if name.endswith("-latest") else None)
            if family in families and models[family][0] == models[name][0]:
                families[family].append(name)
            else:
                families[name] = [name]
        for family, names in families.items():
            table, extras = models[family]
            info = matched.get(family)
            lists, source = [(None, None, table)], only["litellm"]
            if info is not None:
                history, _ = genai_lists(info)
                present = next(index for index, (_, end, _) in enumerate(history) if end is None or end > CHECKED)
                now = history[present][2]
                # Peak and off-peak the other way round: there the base is the hours that are not dear.
                if ("", "off_peak", 0) in table and ("", "peak", 0) in now:
                    now = {("", "", 0): now[("", "peak", 0)], ("", "off_peak", 0): now[("", "", 0)]}
                if provider in INCLUSIVE:
                    # There the bound is the last count below it.
                    now = {(service, window, bound + 1 if bound else 0): prices for (service, window, bound), prices in now.items()}
                for bound in sorted({place[2] for place in set(table) ^ set(now) if place[:2] == ("", "") and place[2]}):
                    all_bounds.append((f"{provider}/{family}", f">{bound}", "litellm" if ("", "", bound) in table else "genai-prices"))
                found = differences(f"{provider}/{family}", table, now)
                all_differences += found
                source = both
                checked["checked"] += 1
                taken = [(difference, decided(difference)) for difference in found]
                for (_, where, kind, _, theirs), rule in taken:
                    if rule and (rule["take"] == "genai-prices" or rule["take"] == "the dearer" and dearer(found) == "genai-prices"):
                        service, window = next((w for w in where.split() if w in SERVICES), ""), next((w for w in where.split() if w.endswith("peak")), "")
                        bound = next((int(w[1:]) for w in where.split() if w[0] == ">"), 0)
                        table.setdefault((service, window, bound), {})[kind] = Decimal(theirs)
                checked["prices that one map alone states"] += joined(table, now)
                extras = {**request_fee(info), **extras}
                later = [(start, end, with_services(tables, table)) for start, end, tables in history[present + 1 :]]
                lists = history[:present] + [(history[present][0], history[present][1], table)] + later
                names = names + [name for name in names_of(info.match) if name not in names and name not in models and is_dated(name, family)]
            else:
                checked["litellm alone"] += 1
            with_host_defaults(table, provider)
            extras = {**extras, **RULES["extras"].get(f"{provider}/{family}", {})}
            for start, end, tables in lists:
                if "input" not in tables.get(("", "", 0), {}) or "output" not in tables.get(("", "", 0), {}):
                    continue
                is_present = tables is table
                start = start or (extras.get("from") if is_present else None)
                end = end or (extras.get("to") if is_present else None)
                ours = extras if is_present else {key: extras[key] for key in ("context_window", "image_tokens", "web_search_usd", "regions") if key in extras}
                entry = entry_json(provider, names, tables, ours, (source if is_present else only["genai-prices"]), start, end)
                (entries.append(entry) if is_exact(entry) else left_out.append((f"{provider}/{family}", "not a whole number of pico-dollars a token, or beyond any known price")))

        if takes_others:
            known = {name for names in families.values() for name in names}
            for model in other.models:
                names = [name for name in [model.id, *names_of(model.match)] if name not in known]
                names = list(dict.fromkeys(names))
                if model.id in known or not names or model.id in matched_ids(matched):
                    continue
                lists, peaks = genai_lists(model)
                for start, end, table in lists:
                    standard = table.get(("", "", 0), {})
                    if not standard.get("input") or "output" not in standard:
                        left_out.append((f"{provider}/{model.id}", "no price by the token, or zero, in genai-prices"))
                        continue
                    extras = {"context_window": model.context_window} if model.context_window else {}
                    if peaks:
                        extras["hours"] = f"1-7 {peaks}"
                    searches = {"web_search_usd": plain(getattr(model.prices, "web_searches_kcount") / 1000)} if getattr(model.prices, "web_searches_kcount", None) and isinstance(model.prices.web_searches_kcount, Decimal) else {}
                    entry = entry_json(provider, names, table, {**extras, **searches}, only["genai-prices"], start, end)
                    (entries.append(entry) if is_exact(entry) else left_out.append((f"{provider}/{model.id}", "not a whole number of pico-dollars a token")))
                    checked["genai-prices alone"] += 1
    entries += RULES["kept"]
    entries.sort(key=lambda entry: (entry["provider"], entry["models"][0], entry.get("from", "")))

    undecided = [difference for difference in all_differences if decided(difference) is None]
    if "--differ" in sys.argv:
        for difference in undecided + all_bounds:
            print("\t".join(difference))
        print(f"{len(all_differences)} differences, {len(undecided)} undecided; {dict(checked)}; {len(entries)} entries", file=sys.stderr)
        return 0
    if undecided:
        print("\n".join("\t".join(difference) for difference in undecided))
        sys.exit(f"catalogue.py: {len(undecided)} differences between the maps are not decided in catalogue.json")
    header = {"version": RULES["version"], "source": both, "checked_at": RULES["checked_at"], "aliases": ALIASES}
    for entry in entries:
        if entry.get("source") == both:
            del entry["source"]
    text = "".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n" for line in [header, *entries])
    if "--write" in sys.argv:
        CATALOGUE.write_text(text)
        write_page(all_differences, left_out, checked, entries)
        print(f"{len(entries)} entries, {len(text)} bytes; {dict(checked)}")
        return 0
    if CATALOGUE.read_text() != text:
        sys.exit("catalogue.py: Sources/CPriceCatalogue/prices.jsonl is not what the maps and catalogue.json make: run it with --write")
    print(f"{len(entries)} entries are as the maps have them; {len(all_differences)} differences between the maps, all decided")
    return 0


def dearer(found):
    """Which map has the dearer of the prices of a model that differ, all of them together."""
    return "litellm" if sum(Decimal(first) - Decimal(second) for _, _, _, first, second in found) >= 0 else "genai-prices"


def with_services(later, present):
    """A list that is to come, with the service tiers that only the other map has, at the same multiple of the standard price as now."""
    for service in SERVICES:
        now = present.get((service, "", 0))
        if not now or (service, "", 0) in later:
            continue
        multiples = {now[kind] / present[("", "", 0)][kind] for kind in now if present[("", "", 0)].get(kind)}
        if len(multiples) == 1:
            times = multiples.pop()
            later[(service, "", 0)] = {kind: price * times for kind, price in later[("", "", 0)].items() if kind in now}
    return later


def is_dated(name, family):
    return name.startswith(family) and re.fullmatch(r"[-@](\d{8}|\d{4}-\d{2}-\d{2}|########)", name[len(family):]) is not None


def matched_ids(matched):
    return {info.id for info in matched.values()}


def write_page(all_differences, left_out, checked, entries):
    """Writes the tables between the marks of Docs/Prices.md."""
    lines = ["| model | where | class | litellm | genai-prices | taken | why |", "|---|---|---|---|---|---|---|"]
    for difference in sorted(all_differences):
        rule = decided(difference)
        name, where, kind, first, second = difference
        lines.append(f"| `{name}` | {where or 'standard'} | `{kind}` | {first} | {second} | {rule['take']} | {rule['why']} |")
    page = PAGE.read_text()
    mark = "<!-- differences -->"
    before, _, after = page.split(mark)
    PAGE.write_text(f"{before}{mark}\n{chr(10).join(lines)}\n{mark}{after}")


if __name__ == "__main__":
    sys.exit(main())
