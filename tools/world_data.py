#!/usr/bin/env python3
"""Make sql/data/world/*.json: languages, countries, their subdivisions and currencies.

The data are Unicode's (CLDR, licence Unicode-3.0, in sql/data/world/LICENSE); calling codes are those of
libphonenumber (MIT). Nothing is typed in by hand: to follow a new release, raise the versions below and run

    tools/world_data.py

which fetches the packages with `npm pack` into a temporary folder. Needs Python 3.9 and npm.
"""
import json
import pathlib
import re
import subprocess
import tarfile
import tempfile

CLDR = '48.2.0'
PACKAGES = {
    **{name: CLDR for name in ('cldr-core', 'cldr-localenames-full', 'cldr-numbers-full', 'cldr-dates-full',
                               'cldr-misc-full', 'cldr-subdivisions-full')},
    'libphonenumber-js': '1.13.16',
}
OUT = pathlib.Path(__file__).parent.parent / 'sql' / 'data' / 'world'

# A language of a region is offered when it is official there and at least so many people speak it.
SPEAKERS = 2_000_000
DAYS = {'mon': '1', 'tue': '2', 'wed': '3', 'thu': '4', 'fri': '5', 'sat': '6', 'sun': '7'}
BASE = 'en_US'


class Source:
    """The packages, unpacked."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for name, version in PACKAGES.items():
            subprocess.run(['npm', 'pack', '--silent', f'{name}@{version}'], cwd=folder, check=True,
                           stdout=subprocess.DEVNULL)
            with tarfile.open(self.folder / f'{name}-{version}.tgz') as archive:
                for member in archive.getmembers():
                    member.name = f'{name}/' + member.name.split('/', 1)[1]
                    archive.extract(member, folder, filter='data')

    def read(self, path):
        return json.loads((self.folder / path).read_text(encoding='utf-8'))

    def text(self, path):
        return (self.folder / path).read_text(encoding='utf-8')

    def supplemental(self, name, key):
        return self.read(f'cldr-core/supplemental/{name}.json')['supplemental'][key]

    def main(self, package, locale, name):
        return self.read(f'cldr-{package}-full/main/{locale}/{name}.json')['main'][locale]

    def has(self, locale):
        return all((self.folder / f'cldr-{package}-full' / 'main' / locale).is_dir()
                   for package in ('localenames', 'numbers', 'dates', 'misc'))


def strftime(pattern, is_date):
    """Unicode's pattern as Python's."""
    pattern = re.sub(r'[\u200e\u200f\u061c]', '', pattern).replace('\u202f', ' ').replace('\u00a0', ' ')
    out = []
    for quoted, letters, other in re.findall(r"'([^']*)'|([A-Za-z])\2*|(.)", pattern):
        if quoted:
            out.append(quoted)
        elif letters:
            out.append({'d': '%d', 'M': '%m', 'L': '%m', 'y': '%Y', 'u': '%Y', 'H': '%H', 'k': '%H', 'h': '%I',
                        'K': '%I', 'm': '%M', 's': '%S', 'a': '%p', 'b': '%p', 'B': '%p'}.get(letters, ''))
        else:
            out.append(other)
    text = ' '.join(re.sub('%p(?=%)', '%p ', ''.join(out)).split())
    needed = ('%d', '%m', '%Y') if is_date else ('%M', '%S')
    assert all(part in text for part in needed), (pattern, text)
    return text


def parts(tag, likely):
    """Language, script and region of a locale, filled in."""
    full = likely.get(tag) or likely.get(tag.split('-')[0], tag)
    language, script, region = (full.split('-') + ['', ''])[:3]
    for part in tag.split('-')[1:]:
        if len(part) == 4:
            script = part
            region = likely.get(f'{language}-{script}', f'--{region}').split('-')[2]
        else:
            region = part
    return language, script, region


def locales(source):
    """The locales that are offered: of each language the usual one, and those of regions where many speak it."""
    likely = dict(source.supplemental('likelySubtags', 'likelySubtags'))
    for tag in source.read('cldr-core/defaultContent.json')['defaultContent']:
        language, region = tag.split('-')[0], tag.split('-')[-1]
        if language in likely and len(region) != 4 and f'{language}-{likely[language].split("-")[1]}' in (
                tag.rsplit('-', 1)[0], f'{tag.rsplit("-", 1)[0]}-{likely[language].split("-")[1]}'):
            likely[language] = f'{language}-{likely[language].split("-")[1]}-{region}'
    levels = source.read('cldr-core/coverageLevels.json')['effectiveCoverageLevels']
    parents = source.supplemental('parentLocales', 'parentLocales')['parentLocale']
    # Norwegian has two written forms, which are offered, and a common ancestor, which is not.
    modern = {tag for tag, level in levels.items() if level == 'modern' and source.has(tag) and tag != 'no'}
    languages = {tag for tag in modern if '-' not in tag}
    scripts = {tag for tag in modern if re.fullmatch('[a-z]+-[A-Z][a-z]{3}', tag)}
    tags = languages | scripts | {tag for tag in parents.values() if tag in modern and not tag.startswith('en-')}
    territories = source.supplemental('territoryInfo', 'territoryInfo')
    for region, known in territories.items():
        for spoken, share in (known.get('languagePopulation') or {}).items():
            tag = spoken.replace('_', '-') + '-' + region
            people = float(known['_population']) * float(share.get('_populationPercent', 0)) / 100
            if (spoken.split('_')[0] in languages and people >= SPEAKERS and source.has(tag)
                    and share.get('_officialStatus') in ('official', 'de_facto_official')):
                tags.add(tag)
    return likely, sorted(tags)


def language_code(tag, likely):
    language, script, region = parts(tag, likely)
    usual = parts(language, likely)[1]
    # A script that the region tells needs no name; one that it does not tell is a modifier, as in Python's locales.
    told = likely.get(f'{language}-{region}', f'-{usual}-').split('-')[1]
    code = f'{language}_{region}'
    return code if script == told else f'{code}@{ {"Latn": "latin", "Cyrl": "Cyrl"}.get(script, script) }'


def capital(text):
    """The first letter large, in the scripts that begin a name so."""
    return text[:1].upper() + text[1:] if text[:1] < '\u0590' else text


def languages(source):
    likely, tags = locales(source)
    english = source.main('localenames', 'en', 'languages')['localeDisplayNames']['languages']
    regions = source.main('localenames', 'en', 'territories')['localeDisplayNames']['territories']
    first_day = source.supplemental('weekData', 'weekData')['firstDay']
    made, seen = [], set()
    for tag in sorted(tags, key=lambda tag: (tag.count('-'), tag)):
        code = language_code(tag, likely)
        if code in seen:
            continue
        seen.add(code)
        language, script, region = parts(tag, likely)
        is_usual = '-' not in tag
        own = source.main('localenames', tag, 'languages')['localeDisplayNames']['languages']
        own_regions = source.main('localenames', tag, 'territories')['localeDisplayNames']['territories']
        autonym = own.get(language, english[language])
        name = english[language]
        if code == BASE:
            name = autonym = 'English (US)'
        elif not is_usual:
            suffix = f', {script}' if '@' in code else ''
            name += f' ({regions[region]}{suffix})'
            autonym += f' ({own_regions.get(region, regions[region])}{suffix})'
        elif language == 'en':
            continue
        calendar = source.main('dates', tag, 'ca-gregorian')['dates']['calendars']['gregorian']
        time = calendar['timeFormats']['medium']
        numbers = source.main('numbers', tag, 'numbers')['numbers']
        symbols = numbers['symbols-numberSystem-latn']
        pattern = numbers['decimalFormats-numberSystem-latn']['standard'].split(';')[0]
        # Whose region matters as much as the language keeps it in the short code, as Odoo's clients know it.
        is_short = (is_usual or code in (BASE, 'pt_PT')) and code not in ('pt_BR', 'zh_CN')
        short_code = language if is_short else code
        layout = source.main('misc', tag, 'layout')['layout']['orientation']
        time_format = strftime(time['_value'] if isinstance(time, dict) else time, False)
        short = calendar['dateFormats']['short']
        made.append({
            'xmlid': 'lang_' + short_code.replace('@', '_'),
            'code': code,
            'iso_code': short_code,
            'url_code': short_code,
            'name': name if name == autonym else f'{name} / {capital(autonym)}',
            'active': code == BASE,
            'direction': 'rtl' if layout['characterOrder'] == 'right-to-left' else 'ltr',
            'date_format': '%m/%d/%Y' if code == BASE
                           else strftime(short['_value'] if isinstance(short, dict) else short, True),
            'time_format': '%H:%M:%S' if code == BASE else time_format,
            'short_time_format': '%H:%M' if code == BASE else re.sub(r'.%S', '', time_format),
            'week_start': DAYS[first_day.get(region, first_day['001'])],
            'grouping': '[3,2,0]' if re.search(r',##,##0', pattern) else '[3,0]',
            'decimal_point': symbols['decimal'],
            'thousands_sep': symbols['group'].replace('\u202f', '\u00a0'),
        })
    for key in ('code', 'name', 'xmlid', 'url_code'):
        assert len({entry[key] for entry in made}) == len(made), key
    return made


def currency_of(history):
    """The currency that a region uses today."""
    current = [(span.get('_from', ''), code) for entry in history for code, span in entry.items()
               if '_to' not in span and span.get('_tender') != 'false']
    return max(current)[1] if current else None


def countries(source):
    names = source.main('localenames', 'en', 'territories')['localeDisplayNames']['territories']
    mappings = source.supplemental('codeMappings', 'codeMappings')
    used = source.supplemental('currencyData', 'currencyData')['region']
    calling = json.loads(source.text('libphonenumber-js/metadata.min.json'))['countries']
    made = []
    for code, name in sorted(names.items()):
        known = mappings.get(code, {})
        # ISO's own codes are below 900; Kosovo has one of its own making that everybody uses.
        if not re.fullmatch('[A-Z]{2}', code) or not (int(known.get('_numeric', 999)) < 900 or code == 'XK'):
            continue
        made.append({
            'xmlid': code.lower(),
            'code': code,
            'name': name,
            'currency': currency_of(used.get(code, [])),
            'phone_code': int(calling[code][0]) if code in calling else None,
        })
    return made


def states(source, known):
    path = 'cldr-subdivisions-full/subdivisions/en/en.json'
    names = source.read(path)['subdivisions']['localeDisplayNames']['subdivisions']
    contained = source.supplemental('subdivisionContainment', 'subdivisionContainment')
    current = {item for entry in contained.values() for item in entry['_contains']}
    made = []
    for identifier in sorted(current):
        country, code = identifier[:2].upper(), identifier[2:].upper()
        if country in known and identifier in names:
            made.append({'xmlid': f'state_{country.lower()}_{code.lower()}', 'country': country, 'code': code,
                         # Unicode numbers those that are called alike.
                         'name': names[identifier].rstrip('\u00b9\u00b2\u00b3 ')})
    return made


def currencies(source):
    known = source.main('numbers', 'en', 'currencies')['numbers']['currencies']
    data = source.supplemental('currencyData', 'currencyData')
    mappings = source.supplemental('codeMappings', 'codeMappings')
    territories = source.supplemental('territoryInfo', 'territoryInfo')
    likely = source.supplemental('likelySubtags', 'likelySubtags')
    users = {}
    for region, history in data['region'].items():
        code = currency_of(history)
        if code and region in territories:
            users.setdefault(code, []).append((int(territories[region]['_population']), region))
    made = []
    for code in sorted(users):
        digits = int(data['fractions'].get(code, data['fractions']['DEFAULT'])['_digits'])
        region = max(users[code])[1]
        language, script, _region = likely.get(f'und-{region}', 'en-Latn-US').split('-')
        places = (f'{language}-{script}-{region}', f'{language}-{region}', f'{language}-{script}', language, 'en')
        locale = next(place for place in places if source.has(place))
        formats = source.main('numbers', locale, 'numbers')['numbers']['currencyFormats-numberSystem-latn']
        entry = known[code]
        made.append({
            'xmlid': code,
            'name': code,
            'full_name': entry['displayName'],
            'symbol': entry.get('symbol-alt-narrow') or entry['symbol'],
            'unit_label': entry.get('displayName-count-other', entry['displayName']),
            'iso_numeric': int(mappings[code]['_numeric']) if '_numeric' in mappings.get(code, {}) else None,
            'decimal_places': digits,
            'rounding': 10 ** -digits,
            'position': 'before' if re.sub(r'[\u200e\u200f\u061c]', '', formats['standard']).startswith('\u00a4')
                        else 'after',
            'active': code in ('USD', 'EUR'),
        })
    return made


def write(name, entries):
    lines = ',\n'.join(json.dumps(entry, ensure_ascii=False, sort_keys=False) for entry in entries)
    (OUT / f'{name}.json').write_text(f'[\n{lines}\n]\n', encoding='utf-8')
    print(f'{name}: {len(entries)}')


def main():
    with tempfile.TemporaryDirectory() as folder:
        source = Source(folder)
        OUT.mkdir(parents=True, exist_ok=True)
        known = countries(source)
        write('languages', languages(source))
        write('countries', known)
        write('states', states(source, {country['code'] for country in known}))
        write('currencies', currencies(source))
        (OUT / 'LICENSE').write_text(source.text('cldr-core/LICENSE'), encoding='utf-8')


if __name__ == '__main__':
    main()
