#!/usr/bin/env python3
"""Writes src/template/expression/cldr.txt: how languages write dates, numbers and prices, from Unicode's CLDR.

    npm pack cldr-core@48 cldr-dates-full@48 cldr-numbers-full@48 cldr-localenames-full@48   # unpack each into DIR/<name>
    tools/cldr.py DIR > src/template/expression/cldr.txt

Languages without names of months are left out. A field that a locale shares with its parent stands with the parent only.
"""
import json
import os
import re
import sys

ROOT = sys.argv[1]
VERSION = json.load(open(f"{ROOT}/cldr-core/package.json"))["version"]


def load(package, *path):
    return json.load(open(os.path.join(ROOT, f"cldr-{package}", *path)))


def supplemental(name):
    return load("core", "supplemental", f"{name}.json")["supplemental"]


def main_of(package, locale, name, default=None):
    path = os.path.join(ROOT, f"cldr-{package}", "main", locale, f"{name}.json")
    return json.load(open(path))["main"][locale] if os.path.exists(path) else default


DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
# what stories in the first languages have printed for these currencies since before this table
HOME = dict(pair.split("=") for pair in (
    "EUR=€ USD=$ GBP=£ JPY=¥ CHF=CHF AED=AED ARS=$ AUD=$ BGN=лв. BRL=R$ CAD=$ CLP=$ CNY=¥ COP=$ CZK=Kč DKK=kr HKD=HK$ "
    "HUF=Ft IDR=Rp ILS=₪ INR=₹ ISK=kr KRW=₩ MAD=MAD MXN=$ NOK=kr NZD=$ PEN=S/ PLN=zł RON=lei SEK=kr SGD=$ THB=฿ TRY=₺ "
    "UAH=₴ VND=₫ ZAR=R").split())
FIRST = {"en", "es", "de", "fr", "it", "pt", "nl", "ca"}
AT_HOME = FIRST | {"en-US", "de-CH", "pt-BR", "pt-PT"}
# their short names are those that stand alone, with a day as well: `Sa 28. Nov`
SHORT_ALONE = FIRST
# files of locales that are named otherwise there: `pt` alone is Portugal's here
FROM = {"en-US": "en", "pt": "pt-PT", "pt-BR": "pt"}


def tender():
    """Currencies that are money somewhere now."""
    found = set(HOME)
    for uses in supplemental("currencyData")["currencyData"]["region"].values():
        for use in uses:
            for code, about in use.items():
                if about.get("_tender") != "false" and "_to" not in about:
                    found.add(code)
    return sorted(found)


CODES = tender()


def names(data, kind, width, context, keys):
    value = data[kind][context][width]
    return "|".join(value[k] for k in keys)


def dates(locale):
    data = main_of("dates-full", locale, "ca-gregorian")
    if not data:
        return None
    data = data["dates"]["calendars"]["gregorian"]
    months = [str(m) for m in range(1, 13)]
    out = {}
    for key, kind, keys in (("m", "months", months), ("d", "days", DAYS)):
        for form, context in (("f", "format"), ("s", "stand-alone")):
            for size, width in (("w", "wide"), ("a", "abbreviated")):
                out[key + form + size] = names(data, kind, width, context, keys)
    if out["mfw"].startswith(("M01|", "1|")):
        return None  # nothing but the root's numbers
    if locale.split("-")[0] in SHORT_ALONE:
        out["mfa"], out["dfa"] = out["msa"], out["dsa"]
    if locale.split("-")[0] == "pt":  # as before: `seg`, `jan`
        for key, of in (("msa", locale), ("dsa", "pt")):
            kind = main_of("dates-full", of, "ca-gregorian")["dates"]["calendars"]["gregorian"]
            keys = months if key == "msa" else DAYS
            short = names(kind, "months" if key == "msa" else "days", "abbreviated", "stand-alone", keys)
            out[key] = out[key.replace("s", "f", 1)] = short.replace(".", "")
    periods = data["dayPeriods"]["format"]["abbreviated"]
    out["p"] = f"{periods['am']}|{periods['pm']}"
    long = data["dateFormats"]["long"]
    long = long if isinstance(long, str) else long["_value"]
    if "G" in long:
        long = data["dateTimeFormats"]["availableFormats"].get("yMMMMd", re.sub(r"\s*G\s*", " ", long))
    out["l"] = long
    return out


NUMERIC = {k: v["_digits"] for k, v in supplemental("numberingSystems")["numberingSystems"].items() if v["_type"] == "numeric"}


def numbers(locale):
    data = main_of("numbers-full", locale, "numbers")["numbers"]
    out = {"u": data["defaultNumberingSystem"], "g": data["minimumGroupingDigits"]}
    for system in NUMERIC:
        signs = data.get(f"symbols-numberSystem-{system}")
        decimal = data.get(f"decimalFormats-numberSystem-{system}")
        if not signs or not decimal:
            continue
        percent = data[f"percentFormats-numberSystem-{system}"]["standard"]
        money = data[f"currencyFormats-numberSystem-{system}"]["standard"]
        point = signs["decimal"]
        # the typewriter's apostrophe that Swiss data have is the typographic one in print
        signs = {k: v.replace("'", "\u2019") for k, v in signs.items() if isinstance(v, str)}
        parts = [point, signs["group"], signs["minusSign"], signs["percentSign"],
                 signs.get("currencyDecimal", point), signs.get("currencyGroup", signs["group"]),
                 decimal["standard"], percent, money]
        out[f"n-{system}"] = "|".join(parts)
    if out["u"] not in NUMERIC:
        out["u"] = "latn"
    return out


def signs(locale, narrow):
    data = main_of("numbers-full", locale, "currencies")["numbers"]["currencies"]
    out = {}
    for code in CODES:
        own = data.get(code, {})
        sign, short = own.get("symbol", code), own.get("symbol-alt-narrow")
        if sign == code and short and narrow.get(short) == 1:
            sign = short
        out[code] = sign
    return out


def narrow_signs():
    """How many currencies share a short sign: one that is not the only one says nothing abroad."""
    count = {}
    for code, own in main_of("numbers-full", "en", "currencies")["numbers"]["currencies"].items():
        sign = own.get("symbol-alt-narrow")
        if sign:
            count[sign] = count.get(sign, 0) + 1
    return count


def parent_of(locale, available, parents):
    while True:
        if locale in parents:
            locale = parents[locale]
            if locale in ("und", "root"):
                return None
        elif "-" in locale:
            locale = locale.rsplit("-", 1)[0]
        else:
            return None
        if locale in available:
            return locale


def main():
    parents = supplemental("parentLocales")["parentLocales"]["parentLocale"]
    parents = {**parents, "en-US": "en", "pt-BR": "pt", "pt-PT": "pt"}
    narrow = narrow_signs()
    files = sorted(set(os.listdir(f"{ROOT}/cldr-dates-full/main")) & set(os.listdir(f"{ROOT}/cldr-numbers-full/main")))
    files = sorted(set(files) | set(FROM) - {"pt-PT"})
    whole = {}
    for locale in files:
        if locale == "und":
            continue
        file = FROM.get(locale, locale)
        if (found := dates(file)) is None:
            continue
        fields = {**found, **numbers(file)}
        if locale == "en":
            fields["l"] = dates("en-001")["l"]  # English of no country puts the day first
        own = signs(file, narrow)
        # where a dollar or a crown is at home, the others need their letters
        is_shared = {"$", "kr", "kr."} & set(own.values())
        if locale in AT_HOME or locale.split("-")[0] in FIRST and not is_shared:
            own.update(HOME)
        whole[locale] = (fields, own)

    english = main_of("localenames-full", "en", "languages")["localeDisplayNames"]["languages"]
    likely = supplemental("likelySubtags")["likelySubtags"]
    scripts = {k: v.split("-")[1] for k, v in likely.items() if "-" not in k}
    levels = load("core", "coverageLevels.json")["effectiveCoverageLevels"]
    everywhere = signs("und", narrow)
    lines = []
    bases = set()
    for locale, (fields, own) in whole.items():
        parent = parent_of(locale, whole, parents)
        base = "-" not in locale
        above, above_signs = whole[parent] if parent else ({}, {})
        lines.append(f"={locale}" + (f" {parent}" if parent else ""))
        if base:
            bases.add(locale)
            native = (main_of("localenames-full", locale, "languages") or {"localeDisplayNames": {"languages": {}}})
            native = native["localeDisplayNames"]["languages"].get(locale, "")
            script = scripts.get(locale, "Latn")
            is_read = levels.get(locale) in ("modern", "moderate")
            lines.append(f"w {english.get(locale, locale)}|{native}|{script}|{'+' if is_read else ''}")
            if locale == "th":
                lines.append("k buddhist")  # the only one of CLDR's first calendars that is written here beside Gregory's
        written = set()
        for key, value in fields.items():
            with_day = key.replace("s", "f", 1) if key[0] in "md" else key
            without = fields[with_day] if with_day in written else above.get(key)
            if without != value:
                written.add(key)
                lines.append(f"{key} {value}")
        other = [f"{c}={s}" for c, s in own.items() if above_signs.get(c, everywhere[c]) != s]
        if other:
            lines.append("c " + "|".join(other))

    print(f"# How languages write dates, numbers and prices: Unicode CLDR {VERSION}, by tools/cldr.py. Licence: cldr.LICENSE.")
    print("# `=locale parent`; w English name, own name, script, + where its names are read in data; m d months and days, f s with a day or (where other) alone, w a whole or short; p am and pm; l long date; k calendar;")
    print("# u digits; g fewest digits before the first separator; n-digits signs and patterns; c signs of money.")
    print("*digits " + "|".join(f"{k}={v}" for k, v in sorted(NUMERIC.items())))
    fractions = supplemental("currencyData")["currencyData"]["fractions"]
    print("*money " + "|".join(f"{c}={fractions.get(c, fractions['DEFAULT'])['_digits']}" for c in CODES))
    print("*signs " + "|".join(f"{c}={s}" for c, s in everywhere.items() if s != c))
    print("*likely " + "|".join(likely_locales(likely, whole)))
    regions = {k[4:]: v.split("-")[0] for k, v in likely.items() if re.fullmatch(r"und-[A-Z]{2}", k)}
    print("*regions " + "|".join(f"{r}={l}" for r, l in sorted(regions.items()) if l in bases))
    aliases = load("core", "supplemental", "aliases.json")["supplemental"]["metadata"]["alias"]["languageAlias"]
    aliases = {k: v["_replacement"] for k, v in aliases.items()}
    aliases.update({"no": "nb"} if "no" not in whole else {})
    short = {k: v for k, v in aliases.items() if re.fullmatch(r"[a-z]{2,3}", k) and k not in whole and v in whole}
    print("*alias " + "|".join(f"{k}={v}" for k, v in sorted(short.items())))
    print("\n".join(lines))


def likely_locales(likely, whole):
    """`zh-TW=zh-Hant`: countries in which a language is written otherwise than at home."""
    out = []
    for key, value in sorted(likely.items()):
        match = re.fullmatch(r"(?!und)([a-z]{2,3})-([A-Z]{2}|\d{3})", key)
        if not match or key in whole:
            continue
        language, script, region = value.split("-")[:3]
        for wanted in (f"{language}-{script}-{region}", f"{language}-{script}"):
            if wanted in whole and language in whole:
                out.append(f"{key}={wanted}")
                break
    return out


main()
