"""Finds what people say of themselves in a question, so that it can be offered as a note to keep.

Only sentences that say something lasting are found ("I work with Rust"), not what one is doing or wants just now ("I
am trying to …", "I have a question"). That is a matter of some verbs and their words, for the languages below; a
sentence in another one is never offered, and can be kept by hand.
"""

import re

MOST = 2
"""Notes that are offered for one question."""
_LENGTHS = range(8, 201)

_STATED = (
    # English
    r"\b(?:my name is|call me|i['’]m called)\b",
    r"\bi (?:work|live|study|teach|speak|code|program|write)(?: \w+){0,2} (?:with|in|as|at|for|on|near)\b",
    r"\bi (?:speak|use|prefer|own|drive|play|like|love|hate|dislike|never (?:eat|drink|use))\b(?! to know)",
    r"\bi(?: a|['’])m (?:an? (?!bit|little|lot|problem|question)|the (?:father|mother|owner|author)|from |allergic|"
    r"vegan|vegetarian|married|retired|blind|deaf|left-handed|colou?r-?blind|\d{1,3} years)",
    r"\bi have (?:an? )?(?:\w+ )?(?:dogs?|cats?|child|children|kids?|sons?|daughters?|wife|husband|allerg\w+|"
    r"diabetes|brothers?|sisters?)\b",
    r"\bmy (?:wife|husband|partner|son|daughter|dog|cat|job|profession|birthday|favou?rite \w+|native language|"
    r"operating system|computer|editor|team|company) (?:is|are|has|runs|lives|works)\b",
    # German
    r"\b(?:ich heiße|mein name ist|nenn mich)\b",
    r"\bich (?:arbeite|wohne|lebe|studiere|unterrichte|programmiere|schreibe)(?: \w+){0,2} "
    r"(?:mit|in|als|bei|für|an)\b",
    r"\bich (?:spreche|benutze|verwende|bevorzuge|mag|liebe|hasse|besitze|fahre|spiele)\b",
    r"\bich bin (?:eine?\b(?! (?:bisschen|wenig))|\w+(?:in|er|ist|eur)\b|aus |allergisch|vegan|verheiratet|"
    r"\d{1,3} jahre)",
    r"\bich habe (?:einen?|eine|\w+) (?:hund|katze|kinder|kind|sohn|tochter|frau|mann|allergie)",
    r"\bmeine? (?:frau|mann|sohn|tochter|hund|katze|beruf|lieblings\w+|muttersprache|rechner|team|firma) "
    r"(?:ist|sind|hat|läuft|heißt)\b",
    # French
    r"\bje m['’]appelle\b",
    r"\b(?:je travaille|j['’]habite|je vis|j['’]étudie|j['’]enseigne|je programme)(?: \w+){0,2} "
    r"(?:avec|à|en|dans|comme|chez|pour)\b",
    r"\b(?:j['’]utilise|je préfère|je parle|j['’]aime|j['’]adore|je déteste)\b",
    r"\bje suis (?:une? (?!peu)|développeu\w+|ingénieure?|étudiante?|allergique|végétarien\w*|mariée?|de )",
    # Spanish
    r"\b(?:me llamo|mi nombre es)\b",
    r"\b(?:trabajo|vivo|estudio|enseño|programo)(?: \w+){0,2} (?:con|en|como|para)\b",
    r"\b(?:yo uso|prefiero|hablo|me gusta|me encanta|odio)\b",
    r"\bsoy (?:una? |\w+(?:or|ora|ero|era|ista|iero|iera)\b|de |alérgic|vegetarian)",
)
_ASKED = re.compile(
    r"^(?:please |bitte )?(?:remember|note|don['’]t forget|keep in mind|merk[e]? dir|denk daran|retiens|souviens-toi|"
    r"recuerda)\b[ ,:]*(?:that|que)?[ ,:]*",
    re.IGNORECASE,
)
_SELF = re.compile("|".join(_STATED), re.IGNORECASE)
_UNSURE = re.compile(
    r"\b(?:if|when|whether|suppose|imagine|say|would|could|should|might|maybe|perhaps|just|currently|right now|today|"
    r"wenn|falls|ob|angenommen|vielleicht|gerade|heute|würde|könnte|sollte|si|peut-être|aujourd['’]hui|quizás|hoy|"
    r"ahora|cuando|quand)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"```.*?```|`[^`\n]*`|^\s*>.*$|[“\"«„][^”\"»“\n]*[”\"»“]", re.DOTALL | re.MULTILINE)
_SENTENCE = re.compile(r"[^.!?;\n]+(?:\.(?=\w)[^.!?;\n]*)*[.!?;]?")


def stated(question: str) -> list[str]:
    """What the person says of themselves in a question, as they wrote it: at most `MOST` sentences, each once."""
    found: dict[str, str] = {}
    for match in _SENTENCE.finditer(_QUOTED.sub(" ", question[:20_000])):
        sentence = " ".join(match[0].split())
        asked = _ASKED.match(sentence)
        if sentence.endswith("?") or (not asked and (_UNSURE.search(sentence) or not _SELF.search(sentence))):
            continue
        note = (sentence[asked.end() :] if asked else sentence).rstrip(".!; ")
        if len(note) in _LENGTHS:
            found.setdefault(note.casefold(), note[0].upper() + note[1:])
    return list(found.values())[:MOST]
