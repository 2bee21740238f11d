"""Time expressions: which days "last May", "two weeks ago" or "on 3 March 2024" are, seen from a given day."""

import re
from collections.abc import Callable
from datetime import date, timedelta

from mirador_desktop.core.folding import fold

Span = tuple[date, date]
"""The first and the last day."""

_MONTH_NAMES = (  # of English, German, French, Spanish, Italian, Dutch; folded
    "january januar janvier enero gennaio januari",
    "february februar fevrier febrero febbraio februari",
    "march marz mars marzo maart",
    "april avril abril aprile",
    "may mai mayo maggio mei",
    "june juni juin junio giugno",
    "july juli juillet julio luglio",
    "august aout agosto augustus",
    "september septembre septiembre settembre",
    "october oktober octobre octubre ottobre",
    "november novembre noviembre",
    "december dezember decembre diciembre dicembre",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_DAY_NAMES = (
    "monday montag lundi lunes",
    "tuesday dienstag mardi martes",
    "wednesday mittwoch mercredi miercoles",
    "thursday donnerstag jeudi jueves",
    "friday freitag vendredi viernes",
    "saturday samstag sonnabend samedi sabado",
    "sunday sonntag dimanche domingo",
)
_DAYS = {name: number for number, names in enumerate(_DAY_NAMES) for name in names.split()}
_SEASONS = {
    **dict.fromkeys(("spring", "fruhling", "fruhjahr", "printemps", "primavera"), 3),
    **dict.fromkeys(("summer", "sommer", "ete", "verano"), 6),
    **dict.fromkeys(("autumn", "fall", "herbst", "automne", "otono"), 9),
    **dict.fromkeys(("winter", "hiver", "invierno"), 12),
}
"""The month in which the season of the northern half of the earth begins."""
_NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "couple": 2,
    "few": 3,
    "einem": 1,
    "einer": 1,
    "zwei": 2,
    "drei": 3,
    "vier": 4,
    "funf": 5,
    "sechs": 6,
    "un": 1,
    "une": 1,
    "deux": 2,
    "trois": 3,
    "quatre": 4,
    "cinq": 5,
    "dos": 2,
    "tres": 3,
    "cuatro": 4,
}
_UNITS = {
    **dict.fromkeys(("day", "days", "tag", "tagen", "tage", "jour", "jours", "dia", "dias"), "day"),
    **dict.fromkeys(("weekend", "weekends", "wochenende"), "weekend"),
    **dict.fromkeys(("week", "weeks", "woche", "wochen", "semaine", "semaines", "semana", "semanas"), "week"),
    **dict.fromkeys(("month", "months", "monat", "monaten", "monate", "mois", "mes", "meses"), "month"),
    **dict.fromkeys(("year", "years", "jahr", "jahren", "jahre", "an", "ans", "annee", "ano", "anos"), "year"),
    "night": "night",
}
_SIDES = {
    **dict.fromkeys(("last", "past", "previous", "letzten", "letzte", "letztes", "letzter", "letztem"), -1),
    **dict.fromkeys(("vergangenen", "vergangene", "vergangenes", "dernier", "derniere", "pasado", "pasada"), -1),
    **dict.fromkeys(("next", "coming", "nachsten", "nachste", "nachstes", "nachster", "prochain", "prochaine"), 1),
    **dict.fromkeys(
        ("this", "diesen", "diese", "dieses", "diesem", "dieser", "cet", "cette", "ce", "este", "esta"), 0
    ),
}
_NEAR_DAYS = {
    **dict.fromkeys(("day before yesterday", "vorgestern", "avant-hier", "anteayer"), -2),
    **dict.fromkeys(("yesterday", "gestern", "ayer"), -1),
    **dict.fromkeys(("today", "tonight", "this morning", "this evening", "heute", "aujourd'hui", "hoy"), 0),
    **dict.fromkeys(("day after tomorrow", "ubermorgen", "apres-demain"), 2),
    **dict.fromkeys(("tomorrow", "demain"), 1),
}
_IN = r"(?:in|im|since|by|during|of|until|seit|en|de|depuis|month of)"


def _any(words: dict[str, int] | dict[str, str]) -> str:
    return "(" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + ")"


_M, _D, _S, _U = _any(_MONTHS), _any(_DAYS), _any(_SEASONS), _any(_UNITS)
_SIDE, _N, _NEAR = _any(_SIDES), r"(\d{1,3}|" + _any(_NUMBERS)[1:], _any(_NEAR_DAYS)
_NTH, _YEAR = r"(\d{1,2})(?:st|nd|rd|th|er|\.)?", r"((?:19|20)\d\d)"


def time_spans(text: str, today: date) -> tuple[list[Span], str]:
    """The times that a text names.

    Args:
        today: the day on which it was said.

    Returns:
        the spans of days, and the text (folded) without the words that named them.
    """
    found: list[Span] = []
    text = fold(text).replace("’", "'")
    if not _HINT.search(text):
        return found, text
    for pattern, reading in _PATTERNS:

        def take(match: re.Match[str], reading: _Reading = reading) -> str:
            try:
                span = reading(match, today)
            except (ValueError, OverflowError):  # 31 June, the year 0
                return match[0]
            found.append(span)
            return " "

        text = pattern.sub(take, text)
    return found, text


def names_time(text: str) -> bool:
    """Whether a text says when or how long something was, in any of the ways that `time_spans` knows or not."""
    return _LASTING.search(fold(text)) is not None


def asks_when(question: str) -> bool:
    """Whether a question asks for a time."""
    return _WHEN.search(fold(question)) is not None


def month_named(text: str) -> int | None:
    """The month of a question such as "in June", with no year: any year may be meant."""
    match = re.search(rf"\b{_IN} {_M}\b(?!,? ?\d)", fold(text))
    return _MONTHS[match[1]] if match else None


def month_span(year: int, month: int) -> Span:
    """The first and the last day of a month."""
    after = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, 1), after - timedelta(1)


_Reading = Callable[[re.Match[str], date], Span]


def _day(year: str, month: int, day: str) -> Span:
    found = date(int(year), month, int(day))
    return found, found


def _nearest(today: date, month: int, day: str = "") -> Span:
    """The month, or a day of it, of the year in which it is nearest."""
    years = range(today.year - 1, today.year + 2)
    spans = [_day(str(year), month, day) if day else month_span(year, month) for year in years]
    return min(spans, key=lambda span: abs((span[0] - today).days))


def _season(year: int, first_month: int) -> Span:
    start = date(year, first_month, 1)
    return start, month_span(year + first_month // 12, (first_month + 1) % 12 + 1)[1]


def _sided(spans: list[Span], side: int, today: date) -> Span:
    """The last one that is over, the one that is, or the next one that begins."""
    if side < 0:
        return max(span for span in spans if span[1] < today)
    if side > 0:
        return min(span for span in spans if span[0] > today)
    return min(spans, key=lambda span: max(span[0] - today, today - span[1]))


def _relative(side: int, word: str, today: date) -> Span:
    years = range(today.year - 2, today.year + 3)
    monday = today - timedelta(today.weekday())
    if word in _DAYS:
        ahead = _DAYS[word] - today.weekday()
        day = today + timedelta(ahead % 7 - 7 if side < 0 else (ahead % 7 or 7) if side > 0 else ahead)
        return day, day
    if word in _MONTHS:
        return _sided([month_span(year, _MONTHS[word]) for year in years], side, today)
    if word in _SEASONS:
        return _sided([_season(year, _SEASONS[word]) for year in years], side, today)
    unit = _UNITS[word]
    if unit in ("day", "night"):
        day = today + timedelta(side)
        return day, day
    if unit == "week":
        return monday + timedelta(7 * side), monday + timedelta(7 * side + 6)
    if unit == "weekend":
        return monday + timedelta(7 * side + 5), monday + timedelta(7 * side + 6)
    if unit == "month":
        months = today.year * 12 + today.month - 1 + side
        return month_span(months // 12, months % 12 + 1)
    return date(today.year + side, 1, 1), date(today.year + side, 12, 31)


def _ago(number: str, word: str, today: date) -> Span:
    count = int(number) if number.isdigit() else _NUMBERS[number]
    unit = _UNITS[word]
    if unit == "day":
        return today - timedelta(count), today - timedelta(count)
    if unit == "week":
        return today - timedelta(7 * count + 3), today - timedelta(7 * count - 3)
    return _relative(-count, word, today)


_PATTERNS: list[tuple[re.Pattern[str], _Reading]] = [
    (re.compile(pattern), reading)
    for pattern, reading in (
        (rf"\b{_NTH}(?: of| de)? {_M},?(?: de)? {_YEAR}\b", lambda m, t: _day(m[3], _MONTHS[m[2]], m[1])),
        (rf"\b{_M} {_NTH},? {_YEAR}\b", lambda m, t: _day(m[3], _MONTHS[m[1]], m[2])),
        (rf"\b{_YEAR}-(\d\d)-(\d\d)\b", lambda m, t: _day(m[1], int(m[2]), m[3])),
        (rf"\b(\d\d?)\.(\d\d?)\.{_YEAR}\b", lambda m, t: _day(m[3], int(m[2]), m[1])),
        (rf"\b{_M},?(?: of| de)? {_YEAR}\b", lambda m, t: month_span(int(m[2]), _MONTHS[m[1]])),
        (rf"\b{_SIDE} (?:{_D}|{_M}|{_S}|{_U})\b", lambda m, t: _relative(_SIDES[m[1]], m[m.lastindex or 1], t)),
        (
            r"\b(?:le mois|la semaine|l'annee|l'ete|l'hiver|el mes|la semana|el ano) "
            r"(?:dernier|derniere|pasado|pasada)\b",
            lambda m, t: _relative(-1, re.split(r"[ ']", m[0])[1], t),
        ),
        (rf"\b{_S}(?: of| de)? {_YEAR}\b", lambda m, t: _season(int(m[2]), _SEASONS[m[1]])),
        (rf"\b{_N}(?: of)? {_U} ago\b", lambda m, t: _ago(m[1], m[2], t)),
        (rf"\b(?:vor|il y a|hace) {_N} {_U}\b", lambda m, t: _ago(m[1], m[2], t)),
        (rf"\b{_NEAR}\b", lambda m, t: (t + timedelta(_NEAR_DAYS[m[1]]), t + timedelta(_NEAR_DAYS[m[1]]))),
        (rf"\b(?:on|am|le|el) {_D}\b", lambda m, t: _relative(-1, m[1], t)),
        (rf"\b{_M} {_NTH}(?!\d)\b", lambda m, t: _nearest(t, _MONTHS[m[1]], m[2])),
        (rf"\b{_NTH}(?: of| de)? {_M}\b", lambda m, t: _nearest(t, _MONTHS[m[2]], m[1])),
        (rf"\b{_IN} {_M}\b", lambda m, t: _nearest(t, _MONTHS[m[1]])),
        (rf"\b{_IN} {_YEAR}\b", lambda m, t: (date(int(m[1]), 1, 1), date(int(m[1]), 12, 31))),
    )
]
_HINT = re.compile(rf"\d|\b(?:{_M}|{_D}|{_SIDE}|{_NEAR}|ago|vor|hace)\b|il y a|derni|pasad")
_LASTING = re.compile(
    rf"\b(?:{_N} {_U}|{_SIDE} (?:{_U}|{_D}|{_M}|{_S})|{_NEAR}|{_IN} (?:{_M}|{_YEAR})|{_M} \d|since|ago|recently|just|"
    r"seit|kurzlich|neulich|depuis|recemment|desde|недавно|вчера|сегодня)\b|昨日|今日|昨天|今天|어제|오늘|\d+[年月日년월일]"
)
_WHEN = re.compile(
    r"^\W*(?:when|how long|(?:in |on |at )?(?:what|which) (?:year|month|week|day|date|time)|wann|wie lange|quand|"
    r"cuando|quando|когда|wanneer)\b|いつ|何時|何年|什么时候|何时|언제"
)
