#!/usr/bin/env python3
"""Holds what `agentctl try price` says of random usages against two other price calculators, and of every price row against exact decimals.

    python3 Tests/Conformance/prices.py AGENTCTL [--usages 10000] [--seed 1] [--rows-only]

1. Every row of Sources/CPriceCatalogue/prices.jsonl is hit, at 0 and 1 token, one token below, at and above its context tier, and at 2^31
   tokens; what it comes to is computed here again with `decimal`, by the rules of Docs/Costs.md. So is it under a contract by which all prices
   are a multiple of the list's, and of answers on which several models worked (`usage.iterations`).
2. Random usages of the models that all know are priced by `litellm.cost_per_token` and `genai_prices.calc_price` as well. Where a cost differs by
   more than a pico-dollar (and more than floating point explains, in which litellm counts), it has to be what comes of that package's own
   prices, and each price that differs has to be a listed cause: decided in catalogue.json, or stated by one of the maps alone.

Exits with 1 where something is not explained. Needs the packages in the versions that catalogue.json names.
"""

import argparse
import collections
import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
from decimal import ROUND_HALF_EVEN, Decimal, getcontext

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import catalogue

getcontext().prec = 60
PICO = Decimal("1e-12")
FALLBACK = {
    "cache_read": "input", "cache_write": "input", "cache_write_long": "cache_write", "audio_input": "input", "reasoning": "output", "audio_output": "output",
}
UTC = datetime.timezone.utc


# MARK: Usage


def usage_object(counts):
    """Disjoint counts as OpenAI's usage object, which counts parts within wholes."""
    prompt = sum(counts.get(kind, 0) for kind in ("input", "cache_read", "cache_write", "cache_write_long", "audio_input"))
    output = sum(counts.get(kind, 0) for kind in ("output", "reasoning", "audio_output"))
    details = {"cached_tokens": counts.get("cache_read", 0)}
    if counts.get("cache_write") or counts.get("cache_write_long"):
        details["cache_write_tokens"] = counts.get("cache_write", 0) + counts.get("cache_write_long", 0)
        details["cache_write_tokens_details"] = {"ttl_30m_tokens": counts.get("cache_write", 0), "ttl_12h_tokens": counts.get("cache_write_long", 0)}
    if counts.get("audio_input"):
        details["audio_tokens"] = counts["audio_input"]
    usage = {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output, "prompt_tokens_details": details}
    usage["completion_tokens_details"] = {"reasoning_tokens": counts.get("reasoning", 0), "audio_tokens": counts.get("audio_output", 0)}
    if counts.get("web_search"):
        usage["server_tool_use"] = {"web_search_requests": counts["web_search"]}
    return usage


def anthropic_object(counts):
    """The same as Anthropic's, whose prompt is without what was cached."""
    written = counts.get("cache_write", 0) + counts.get("cache_write_long", 0)
    return {
        "input_tokens": counts.get("input", 0),
        "cache_read_input_tokens": counts.get("cache_read", 0),
        "cache_creation_input_tokens": written,
        "cache_creation": {"ephemeral_5m_input_tokens": counts.get("cache_write", 0), "ephemeral_1h_input_tokens": counts.get("cache_write_long", 0)},
        "output_tokens": counts.get("output", 0) + counts.get("reasoning", 0),
        **({"server_tool_use": {"web_search_requests": counts["web_search"]}} if counts.get("web_search") else {}),
    }


def prompt_of(counts):
    return sum(counts.get(kind, 0) for kind in ("input", "cache_read", "cache_write", "cache_write_long", "audio_input"))


def priced(agentctl, lines, project=None):
    """What `try price --lines` says of each, in a project with that file."""
    with tempfile.TemporaryDirectory() as folder:
        if project:
            (pathlib.Path(folder) / "agentctl.yaml").write_text(project)
        path = pathlib.Path(folder) / "usages.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        done = subprocess.run([agentctl, "try", "price", "--lines", "--usage", str(path)], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"prices.py: agentctl try price: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


# MARK: An entry of our list, priced with decimals


def tiers_of(part, inclusive_only=False):
    """[(least prompt, {class: price})], the longest prompt first."""
    found = [(0, {kind: Decimal(price) for kind, price in part.get("per_mtok_usd", {}).items()})]
    for tier in part.get("above", []):
        least = tier["prompt_tokens"] + (0 if tier.get("inclusive") else 1)
        found.append((least, {kind: Decimal(price) for kind, price in tier["per_mtok_usd"].items()}))
    return sorted(found, key=lambda tier: -tier[0])


def row(tiers, kind, prompt):
    return next((prices[kind] for least, prices in tiers if prompt >= least and kind in prices), None)


def is_within(hours, moment):
    minute = moment.hour * 60 + moment.minute
    for part in hours.split(";"):
        days, *spans = part.split()
        first, last = int(days[0]), int(days[-1])
        for span in spans:
            start, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in span.split("-"))
            if first <= moment.isoweekday() <= last and start <= minute < end:
                return True
    return False


def rate(entry, kind, prompt, service=None, region=None, moment=None):
    """Dollars per million tokens of a class, by the rules; `None`: there is no price."""
    standard = tiers_of(entry)
    for window in entry.get("windows", []):
        if moment and is_within(window["hours"], moment):
            special = tiers_of(window)
            standard = special + [(least, {k: v for k, v in prices.items() if not any(k in p for _, p in special)}) for least, prices in standard]
    price = row(standard, kind, prompt)
    part = entry.get("services", {}).get(service)
    if part and "times" in part:
        price = None if price is None else price * Decimal(part["times"])
    elif part:
        own = tiers_of(part)
        if any(kind in prices for _, prices in own):
            special = row(own, kind, prompt)
            bounds = [least for least, prices in standard if kind in prices and prompt >= least]
            bound = max(bounds) if bounds else 0
            has_own = any(least == bound and kind in prices for least, prices in own)
            # No price of the service for that tier: the dearer of both.
            if bound and not has_own and max((least for least, prices in own if kind in prices and prompt >= least), default=0) < bound:
                special = max(special, price)
            price = special
        elif kind == "reasoning" and any("output" in prices for _, prices in own):
            price = None
    if price is not None:
        return price * Decimal(entry.get("regions", {}).get(region, "1"))
    return rate(entry, FALLBACK[kind], prompt, service, region, moment) if kind in FALLBACK else None


def exact(entry, counts, multiple=None, **terms):
    def paid(price):
        # Once a price, half to even.
        return price if multiple is None else (price * multiple).quantize(PICO, rounding=ROUND_HALF_EVEN)

    total = Decimal(0)
    for kind, count in counts.items():
        if not count:
            continue
        if kind == "web_search":
            total += paid(Decimal(entry.get("web_search_usd", "0"))) * count
        else:
            total += paid(rate(entry, kind, prompt_of(counts), **terms) / catalogue.MILLION) * count
    return total + paid(Decimal(entry.get("request_usd", "0")))


def inside(entry):
    """A moment at which the entry holds, outside its windows."""
    first = entry.get("from")
    if first is None and "to" in entry:
        day = datetime.datetime.fromisoformat(entry["to"]).replace(tzinfo=UTC) - datetime.timedelta(days=1)
    else:
        day = datetime.datetime.fromisoformat(first or "2026-11-30").replace(tzinfo=UTC)
    for hour in range(24 * 7):
        moment = day + datetime.timedelta(hours=hour)
        if not any(is_within(window["hours"], moment) for window in entry.get("windows", [])):
            return moment
    return day


def check_rows(agentctl, entries, sample, seed, multiple=None):
    lines, expected = [], []
    chance = random.Random(seed)

    def ask(entry, counts, moment, service=None, region=None):
        if chance.random() >= sample:
            return
        line = {"model": f"{entry['provider']}/{entry['models'][0]}", "usage": usage_object(counts), "at": moment.isoformat().replace("+00:00", "Z")}
        if service:
            line["service_tier"] = service
        if region:
            line["region"] = region
        lines.append(line)
        expected.append((exact(entry, counts, multiple, service=service, region=region, moment=moment), counts))

    for entry in entries:
        moments = [inside(entry)]
        for window in entry.get("windows", []):
            moments += [moments[0] + datetime.timedelta(hours=hour) for hour in range(24) if is_within(window["hours"], moments[0] + datetime.timedelta(hours=hour))][:2]
        moments = [moment for moment in moments if "to" not in entry or moment < datetime.datetime.fromisoformat(entry["to"]).replace(tzinfo=UTC)]
        bounds = {tier["prompt_tokens"] for part in [entry, *entry.get("services", {}).values()] for tier in part.get("above", [])}
        for moment in moments:
            for service in [None, *entry.get("services", {})]:
                for region in [None, *entry.get("regions", {})]:
                    for prompt in sorted({1, 1000, 2**31} | {bound + step for bound in bounds for step in (-1, 0, 1)}):
                        for kind in ("input", "cache_read", "cache_write", "cache_write_long", "audio_input"):
                            ask(entry, {kind: prompt, "output": 1}, moment, service, region)
                        for kind in ("output", "reasoning", "audio_output"):
                            ask(entry, {"input": prompt, kind: 2**31 if prompt == 1 else prompt}, moment, service, region)
            ask(entry, {"input": 0, "output": 0}, moment)
            ask(entry, {"input": 1, "output": 0, "web_search": 3}, moment)
    project = None
    if multiple is not None:
        models = ", ".join(sorted({json.dumps(f"{entry['provider']}/*") for entry in entries}))
        project = f"version: 1\nadjustments: [{{ models: [{models}], multiplier: {multiple} }}]\n"
    wrong = 0
    for line, said, (cost, counts) in zip(lines, priced(agentctl, lines, project), expected):
        if said.get("cost_usd") is None or Decimal(said["cost_usd"]) != cost:
            wrong += 1
            if wrong <= 20:
                print(f"{line['model']} {line.get('service_tier', '')} {line.get('region', '')} {counts} at {line['at']}: {said.get('cost_usd')}, and it is {cost}")
    contract = "" if multiple is None else f" times {multiple}"
    print(f"{len(entries)} price lists{contract}, {len(lines)} usages: {wrong} are not what decimals make of them")
    return wrong


def check_iterations(agentctl, entries, count, seed):
    """Answers on which several models of Anthropic's worked, each part by its own list."""
    chance = random.Random(seed)
    now = datetime.datetime(2026, 11, 30, tzinfo=UTC)
    # The last list of each name is the one that holds.
    lists = {entry["models"][0]: entry for entry in entries if entry["provider"] == "anthropic" and "to" not in entry}
    names = sorted(name for name in lists if "*" not in name and "#" not in name)
    lines, expected = [], []
    for _ in range(count):
        parts = []
        for _ in range(chance.randint(1, 5)):
            counts = {kind: chance.choice([0, 1, chance.randint(1, 300_000)]) for kind in ("cache_read", "cache_write", "cache_write_long")}
            counts["input"], counts["output"] = chance.randint(1, 300_000), chance.randint(1, 9000)
            parts.append((chance.choice(["message", "compaction", "advisor_message"]), chance.choice(names), counts))
        # One that declined, and the one that took over: the first is not billed.
        declined = chance.random() < 0.5
        iterations = [{"type": kind, "model": name, **anthropic_object(counts)} for kind, name, counts in parts]
        if declined:
            last = (chance.choice(names), {"input": chance.randint(1, 9000), "output": chance.randint(1, 900)})
            parts.append(("fallback_message", *last))
            iterations += [
                {"type": "message", "model": chance.choice(names), **anthropic_object({"input": 77})}, {"type": "fallback_message", "model": last[0], **anthropic_object(last[1])},
            ]
        top = collections.Counter()
        for kind, _, counts in parts:
            if kind in ("message", "fallback_message"):
                top.update(counts)
        lines.append({"model": f"anthropic/{chance.choice(names)}", "usage": {**anthropic_object(top), "iterations": iterations}, "at": "2026-11-30T00:00:00Z"})
        expected.append(sum(exact(lists[name], counts, moment=now) for _, name, counts in parts))
    wrong = 0
    for line, said, cost in zip(lines, priced(agentctl, lines), expected):
        if said.get("cost_usd") is None or Decimal(said["cost_usd"]) != cost:
            wrong += 1
            if wrong <= 20:
                print(f"{json.dumps(line)}: {said}, and it is {cost}")
    print(f"{len(names)} models of Anthropic's, {count} answers of several: {wrong} are not what decimals make of them")
    return wrong


# MARK: Other calculators


def check_usages(agentctl, entries, count, seed):
    import genai_prices
    import litellm
    from genai_prices.data import providers
    from litellm.types.utils import Usage

    chance = random.Random(seed)
    now = datetime.datetime.now(UTC).replace(microsecond=0)
    litellm_map = catalogue.litellm_map()
    theirs = {ours: (names, prefixes, genai) for ours, names, prefixes, genai, _ in catalogue.PROVIDERS}
    genai = {provider.id: provider for provider in providers}

    def holds(entry):
        today = str(now.date())
        return entry.get("from", "") <= today and today < entry.get("to", "9999")

    models = []
    for entry in filter(holds, entries):
        names, prefixes, other = theirs[entry["provider"]]
        for model in entry["models"]:
            # LiteLLM takes the host's name off once more.
            if "#" in model or any(model.startswith(prefix) for prefix in prefixes):
                continue
            key = next((key for prefix in [*prefixes, ""] if (key := prefix + model) in litellm_map and litellm_map[key].get("litellm_provider") in names), None)
            info = genai[other].find_model(model)
            if key and info is not None:
                table = catalogue.litellm_entry(litellm_map[key], entry["provider"])
                if table:
                    catalogue.with_host_defaults(table[0], entry["provider"])
                    models.append((entry, model, key, litellm_map[key]["litellm_provider"], other, info, table[0]))
    lines, cases = [], []
    for _ in range(count):
        case = chance.choice(models)
        entry, model = case[0], case[1]
        bounds = [tier["prompt_tokens"] for tier in entry.get("above", [])]
        if bounds and chance.random() < 0.5:
            prompt = max(1, chance.choice(bounds) + chance.choice([-1, 0, 1, chance.randint(-50_000, 50_000)]))
        else:
            prompt = chance.choice([1, 2, chance.randint(1, 1000), chance.randint(1, 200_000), chance.randint(1, 2_000_000)])
        counts = {}
        read = chance.choice([0, 0, chance.randint(0, prompt)])
        written = chance.choice([0, 0, chance.randint(0, prompt - read)]) if entry["provider"] in ("anthropic", "openai") else 0
        long = chance.randint(0, written) if entry["provider"] == "anthropic" and written and chance.random() < 0.5 else 0
        counts = {"input": prompt - read - written, "cache_read": read, "cache_write": written - long, "cache_write_long": long}
        output = chance.choice([1, chance.randint(1, 1000), chance.randint(1, 128_000)])
        reasoning = chance.choice([0, chance.randint(0, output)])
        counts |= {"output": output - reasoning, "reasoning": reasoning}
        cases.append((case, counts))
        usage = anthropic_object(counts) if entry["provider"] == "anthropic" else usage_object(counts)
        lines.append({"model": f"{entry['provider']}/{model}", "usage": usage, "at": now.isoformat().replace("+00:00", "Z")})

    tally, causes, wrong = collections.Counter(), collections.Counter(), 0
    for said, ((entry, model, key, litellm_name, other, info, table), counts) in zip(priced(agentctl, lines), cases):
        ours = Decimal(said["cost_usd"]) if said.get("cost_usd") else None
        prompt, output = prompt_of(counts), counts["output"] + counts["reasoning"]
        written = counts["cache_write"] + counts["cache_write_long"]
        details = {"cached_tokens": counts["cache_read"]}
        extra = {}
        if written:
            details["cache_creation_tokens"] = written
            extra = {"cache_creation_input_tokens": written, "cache_read_input_tokens": counts["cache_read"]}
            if counts["cache_write_long"]:
                details["cache_creation_token_details"] = {"ephemeral_5m_input_tokens": counts["cache_write"], "ephemeral_1h_input_tokens": counts["cache_write_long"]}
        usage = Usage(
            prompt_tokens=prompt, completion_tokens=output, total_tokens=prompt + output, prompt_tokens_details=details,
            completion_tokens_details={"reasoning_tokens": counts["reasoning"]}, **extra)
        first, second = litellm.cost_per_token(model=key, custom_llm_provider=litellm_name, prompt_tokens=prompt, completion_tokens=output, usage_object=usage)
        results = {"litellm": (Decimal(first) + Decimal(second), table, abs(Decimal(first) + Decimal(second)) * Decimal(2) ** -46)}
        values = {"input_tokens": prompt, "output_tokens": output, "cache_read_tokens": counts["cache_read"], "cache_write_tokens": written}
        if counts["cache_write_long"]:
            values["cache_write_1h_tokens"] = counts["cache_write_long"]
        if counts["reasoning"]:
            values["output_reasoning_tokens"] = counts["reasoning"]
        calculated = genai_prices.calc_price(genai_prices.Usage(**values), model_ref=model, provider_id=other, genai_request_timestamp=now)
        lists, hours = catalogue.genai_lists(info)
        current = next(t for start, end, t in lists if (start is None or str(start) <= str(now.date())) and (end is None or str(now.date()) < str(end)))
        results["genai-prices"] = (calculated.total_price, with_peak(current, hours, now), Decimal(0))
        for package, (cost, prices, slack) in results.items():
            if ours is not None and abs(ours - cost) <= max(PICO, slack):
                tally[f"{package}: the same"] += 1
                continue
            fee = Decimal(catalogue.request_fee(info).get("request_usd", "0")) if package == "genai-prices" else Decimal(0)
            why = explain(package, entry, counts, prices, fee, ours, cost, slack, now)
            if why:
                tally[f"{package}: other, explained"] += 1
                causes.update(f"{package}: {cause}" for cause in set(why))
            else:
                wrong += 1
                tally[f"{package}: NOT EXPLAINED"] += 1
                if wrong <= 20:
                    print(f"{entry['provider']}/{model} {counts}: {ours} and {package} says {cost}")
    print(f"{count} usages of {len(models)} models that all know")
    for what, number in sorted(tally.items()):
        print(f"{number:6} {what}")
    for cause, number in causes.most_common():
        print(f"{number:6}   {cause}")
    return wrong


def with_peak(table, hours, now):
    if not hours or not is_within("1-7 " + hours, now):
        return {place: values for place, values in table.items() if place[1] == ""}
    peak = {("", "", bound): values for (_, window, bound), values in table.items() if window == "peak"}
    return {**{place: values for place, values in table.items() if place[1] == ""}, **peak}


def explain(package, entry, counts, table, fee, ours, cost, slack, now):
    """The causes of a difference: the classes whose price is another one there, if these make up for all of it."""
    if ours is None:
        return None
    inclusive = entry["provider"] in catalogue.INCLUSIVE and package == "litellm"
    prompt = prompt_of(counts)

    def other_rate(kind):
        # An absent class costs as its base class there too; tiers go class by class.
        found = None
        for (service, window, bound), prices in sorted(table.items()):
            if service or kind not in prices:
                continue
            if window == "off_peak" and not any(is_within(w["hours"], now) for w in entry.get("windows", [])):
                continue
            if bound == 0 or prompt > bound or (inclusive and prompt == bound):
                found = prices[kind]
        return found if found is not None else other_rate(FALLBACK[kind]) if kind in FALLBACK else None

    total, why = fee, []
    if fee != Decimal(entry.get("request_usd", "0")):
        why.append("one map alone states a fee for each request")
    for kind, count in counts.items():
        theirs, own = other_rate(kind), rate(entry, kind, prompt, moment=now)
        if count:
            total += theirs * count / catalogue.MILLION
            if theirs != own:
                name = f"{entry['provider']}/{entry['models'][0]}"
                rule = catalogue.decided((name, "", kind, "", ""))
                why.append(f"the maps differ in {name}: {rule['why']}" if rule else f"one map alone states the price of {kind}, or of a tier of it")
    return why if abs(total - cost) <= max(PICO, slack) else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("agentctl", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--usages", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=float, default=1, help="the share of the rows' usages that is looked at")
    parser.add_argument("--rows-only", action="store_true", help="needs no package")
    options = parser.parse_args()
    header, *entries = [json.loads(line) for line in catalogue.CATALOGUE.read_text().splitlines()]
    wrong = check_rows(options.agentctl, entries, options.sample, options.seed)
    for multiple in ("0.85", "1.07", "0.872519"):
        wrong += check_rows(options.agentctl, entries, options.sample / 20, options.seed, Decimal(multiple))
    wrong += check_iterations(options.agentctl, entries, max(10, int(2000 * options.sample)), options.seed)
    if not options.rows_only:
        wrong += check_usages(options.agentctl, entries, options.usages, options.seed)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
