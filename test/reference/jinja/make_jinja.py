"""What Python's Jinja2 prints for small templates, set up as transformers does: reference for main/tokens/jinja.
Needs jinja2 3.1. `python make_jinja.py` rewrites cases.json beside it."""
from __future__ import annotations

import copy
import json
from pathlib import Path

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


CONTEXT = {
    "t": True, "f": False, "n": None, "i": 7, "neg": -7, "x": 1.0, "big": 12345678901234567890, "tiny": 1e-7, "huge": 1e16, "pi": 3.14159,
    "s": "Hello, World", "blank": "  two  words \n", "empty": "", "uni": "naïve café 😀 x", "quote": "it's", "both": "it's \"x\"",
    "ctrl": "tab\tnl\nnul\u0000 nbsp\u00a0 zw\u200b", "l": [3, 1, 2], "mixed": [1, "x", None, True, 1.5, [], {}], "words": ["b", "A", "c", "a"],
    "d": {"b": 1, "a": [1, 2.0], "items": "shadow", "ключ": "значение"}, "nested": {"p": {"q": [{"r": "deep"}]}},
    "users": [{"name": "Zed", "age": 30, "on": True}, {"name": "amy", "age": 25, "on": False}, {"name": "Bob", "age": 30}],
    "html": "<a href=\"x\">T&C's</a>", "lines": "one\ntwo\n\nthree\n", "path": "a/b//c", "csv": "a,b,,c",
}

EXPRESSIONS = r"""
true|false|none|True|None|1.0|1.0 + 1|1 + 1|7 / 2|7 // 2|-7 // 2|7 % 3|-7 % 3|7 % -3|-7.5 % 2|7.5 // 2|-7.5 // 2|2 ** 10|2 ** -1|2.0 ** 3|10 / 5
1e16|1e15|123456789012345.0|1e-4|1e-5|0.1 + 0.2|1e22|1.5e300|big|big + 1|big * big|huge|tiny|x|-0.0|1_000|0x1F|0b101|1e3
[1, 'x', none, true, 1.0]|{'k': 'v', 1: 2.5}|(1, 2)|(1,)|()|[]|{}|['a\n', "it's", 'q"q', "it's \"x\""]|[ctrl]|mixed|d|nested
s[0]|s[-1]|s[1:4]|s[:-3]|s[::-1]|s[::2]|s[10:2:-3]|uni[11]|uni[-1]|uni[::-1]|uni | length|l[1]|l[-1]|l[5]|l[5] is defined|l[1:]|l[::-1]|(1,2,3)[1:]|s[100]|s['upper']()
d.b|d['b']|d.items|d['items']|d.items() | list|d.keys() | list|d.values() | list|d.get('zz')|d.get('zz', 'dflt')|d.nope|d.nope is defined|d.get('b')|nested.p.q[0].r|nested['p'].q.0.r
1 == 1.0|true == 1|'1' == 1|none == false|[1] == [1.0]|(1,) == [1]|{'a': 1} == {'a': 1.0}|undefined_a == undefined_b|'a' < 'b'|1 < 2 < 3|1 < 2 > 3|[1, 2] < [1, 3]|'é' > 'z'
'a' in 'cat'|'x' not in s|1 in l|'b' in d|none in mixed|'lo' in s and not false|'' in ''|1.0 in [1]|true in [1]
t and 'x'|f or 'y'|n or 0 or ''|not n|not not 1|'' and 1|t if f else 'else'|'v' if t|'v' if f|(1 if f) is undefined
'a' ~ 1 ~ none ~ true ~ 1.5|'ab' * 3|3 * 'ab'|[0] * 3|[1] + [2]|(1,) + (2,)|'a' + 'b' | upper|('a' + 'b') | upper|-3 | abs|- 2 ** 2|2 * 3 + 4 * 5|10 - 2 - 3|'x' ~ 2 * 3
s | upper|s | lower|s | title|"it's a-b (c) [d]" | title|"it's a-b".title()|"hELLO wORLD" | capitalize|'éa'.capitalize()|'ß'.upper()|'ΣΑΣ'.lower()|s.swapcase()
blank | trim|blank.strip()|blank.lstrip()|blank.rstrip()|'xxhixx'.strip('x')|'xyhiyx' | trim('xy')|'\u00a0x\u2003'.strip()|'\x1cx\x85' | trim|'abc'.strip('')
s.split(', ')|blank.split()|csv.split(',')|csv.split(',', 1)|csv.rsplit(',', 1)|'a b  c'.split(' ')|' a b c '.split(none, 1)|' a b c '.rsplit(none, 1)|''.split()|''.split(',')|lines.splitlines()|lines.splitlines(true)|csv.partition(',')|csv.rpartition(',')|csv.partition(';')
s.startswith('Hell')|s.endswith(('x', 'World'))|s.startswith('lo', 3)|s.find('o')|s.rfind('o')|s.find('zz')|uni.find('x')|s.count('l')|s.count('')|s.index('W')|s.replace('l', 'L')|s.replace('l', 'L', 1)|'abc'.replace('', '-')|s | replace('o', '0', 1)|s.removeprefix('Hello')|s.removesuffix('World')|s.removesuffix('')
'7'.zfill(3)|'-7'.zfill(4)|'a'.ljust(4, '.')|'a'.rjust(4)|'ab'.center(7, '*')|'abc'.center(6, '*')|'x' | center(5)|'a\tb'.expandtabs(4)|'-'.join(['a', 'b'])|', '.join(d)
'12'.isdigit()|'1a'.isdigit()|'²'.isdigit()|'½'.isnumeric()|'ab'.isalpha()|'a1'.isalnum()|' '.isspace()|''.isspace()|'AB'.isupper()|'Ab'.isupper()|'ab1'.islower()|'Ab Cd'.istitle()|'x1'.isidentifier()|'a b'.isidentifier()
'%s and %s' % ('a', 1)|'%d%%' % 42|'%05.2f|%+d|%x|%-5s|' % (3.14159, 5, 255, 'a')|'%(k)s' % {'k': 'v'}|'%r' % 'q'|'%s' % none|'%s-%s' | format(1, 2)|'{} {}'.format('a', 1.0)|'{0}{1}{0}'.format('a', 'b')|'{x:>6}|{x:<6}|{x:^6}|'.format(x='ab')|'{:.2f} {:05d} {:,} {:x} {:e} {:g} {:%}'.format(2.5, 42, 1234567, 255, 12345.678, 0.00001, 0.25)|'{{}}'.format()|'{!r}'.format('q')|'{u[name]} {u[age]}'.format(u=users[0])
2.5 | round|3.5 | round|2.675 | round(2)|-2.5 | round|2.5 | round(0, 'ceil')|2.1234 | round(2, 'floor')|7 | round|7 | round(1)|'12' | int|'0x1f' | int(0, 16)|'3.9' | int|'zz' | int|'zz' | int(-1)|' 5 ' | int|3.9 | int|none | int|'2.5' | float|'x' | float|'x' | float(1)|3 | float|'1e3' | float|'inf' | float
l | sort|l | sort(reverse=true)|words | sort|words | sort(case_sensitive=true)|users | sort(attribute='age') | map(attribute='name') | list|users | sort(attribute='age,name') | map(attribute='name') | list|users | map(attribute='age') | sum|users | sum(attribute='age')|l | sum(start=10)|l | min|l | max|words | min|words | max|users | max(attribute='age')|[] | max|[] | first|[] | last|l | first|l | last|'abc' | first|'abc' | last|l | reverse | list|'abc' | reverse
users | selectattr('on') | map(attribute='name') | list|users | rejectattr('on') | map(attribute='name') | list|users | selectattr('age', 'equalto', 30) | map(attribute='name') | join(', ')|users | selectattr('on', 'defined') | list | length|[1, 2, 3, 4] | select('odd') | list|[0, 1, ''] | select | list|[0, 1, ''] | reject | list|words | map('upper') | list|words | map('replace', 'a', 'z') | list|users | map(attribute='zz', default='-') | join|(users | selectattr('zz')) is iterable|'yes' if users | selectattr('zz') else 'no'|users | groupby('age') | map('first') | list|words | unique | list|words | unique(case_sensitive=true) | list|l | join('-')|l | join|users | join(', ', attribute='name')|[1, 2, 3, 4, 5] | batch(2) | list|[1, 2, 3, 4, 5] | batch(2, 0) | list|[1, 2, 3, 4, 5] | slice(2) | list|d | dictsort|{'B': 1, 'a': 2} | dictsort|{'B': 1, 'a': 2} | dictsort(true)|{'B': 1, 'a': 2} | dictsort(false, 'value', true)|d | items | list|d | list|d | length|s | list | length|l | map('string') | list
mixed | tojson|d | tojson|1.0 | tojson|'é"\\\n\u0001\u007f' | tojson|{'b': tiny, 'a': huge} | tojson|d | tojson(indent=2)|[] | tojson(indent=2)|[1, [2]] | tojson(indent=1)|{'b': 1, 'a': 2} | tojson(sort_keys=true)|'é😀' | tojson(ensure_ascii=true)|{'a': 1, 'b': [1]} | tojson(separators=(',', ':'))|{1: 2, none: 3, true: 4} | tojson|(1, 2) | tojson|none | tojson|'<a>' | tojson
html | e|html | escape | upper|html | safe|(html | safe) ~ '<b>'|(html | safe) + '<b>'|'<b>' + ('<i>' | safe)|html | striptags|html | e | e|html | forceescape|('<i>' | safe) is escaped|'x' is escaped|'a b&c' | urlencode|{'a b': 1} | urlencode
'one two three four' | truncate(10)|'one two three four' | truncate(10, true)|'short' | truncate(10)|'one two three four' | truncate(10, false, '…', 0)|lines | indent|lines | indent(2, true)|lines | indent('> ', true, true)|'one two' | wordcount|undefined_a | default('d')|'' | default('d')|'' | default('d', true)|none | d('x')|none | d('x', true)|undefined_a | d|d.zz.yy | default('q')|s | string|1.0 | string|none | string
1 is number|true is number|1.0 is integer|1 is integer|true is integer|1.0 is float|'a' is string|s is sequence|d is mapping|d is sequence|l is iterable|1 is iterable|s is iterable|undefined_a is iterable|undefined_a is sequence|none is none|n is not none|true is boolean|t is true|1 is true|f is false|3 is odd|4 is even|9 is divisibleby 3|9 is divisibleby(3)|s is defined|undefined_a is undefined|'a' is in 'abc'|1 is in l|1 is sameas 1|none is sameas none|range is callable|s is callable|'ab' is lower|'AB' is upper|1 is eq 1|2 is gt 1|1 is lt 2|1 is ne 2|2 is ge 2|'upper' is filter|'zz' is filter|'odd' is test|users[0].on is true
range(3)|range(3) | list|range(1, 10, 3) | list|range(5, 0, -2) | list|range(3) | length|range(0) | list|range(3)[1]|dict(a=1, b='x')|dict([('a', 1)])|dict(d, z=1) | length|namespace(a=1).a|namespace(a=1).b is defined|joiner(', ')()|'a' 'b'|'\x41\u00e9\n\q'|"a\
b"|-x|+i|-i|not t|users[0]['name'][0].lower()|users | length > 2|users[-1].name ~ '!'|(users | first).name
l.index(1)|l.count(3)|(1, 2).index(2)|d.copy() | length|l.copy()|x.is_integer()|i.bit_length()|'abc' | attr('upper')|d | attr('b') is defined
undefined_a.b|undefined_a + 1|undefined_a()|none.x.y|none.strip()|d.zz.yy|s.nope()|1 + 'a'|'a' + 1|'a' + none|none + 'a'|[1] + 'a'|[1] + (2,)|'a' * 'b'|'a' - 1|{} + {}|1 / 0|1 // 0|1 % 0|1.0 / 0|-'a'|none | length|5 | length|1 < 'a'|none < 1|[] < 1|{} < {}|5 in 'a'|'a' in 5|'a' in none|l()|s()|none()|d | tojson | tojson | length|undefined_a | tojson|'x' | nofilter|1 is notest|raise_exception('own words')|raise_exception(1 ~ 'x')|l.append(1)|d.update({})|d.pop('b')|s.__class__|().__class__.__bases__|range(1000000)|'%d' % 'a'|'%s %s' % 'a'|'%s' % ('a', 'b')|l | first | first|(users | selectattr('on')) | length|{[]: 1}|d[[]] is defined|5 | join|none | list|'abc' | sort(attribute='x')|[1, 'a'] | sort|[none, 1] | max|csv.split('')|s.index('zz')|l.index(9)|namespace(1)|l['x'] is defined|l[1.0] is defined|s.split(1)|undefined_a | upper|undefined_a | trim|undefined_a | first is defined|undefined_a | join(',')|undefined_a | list|undefined_a | length|undefined_a ~ 'x'|undefined_a | int|undefined_a[0]|undefined_a in l|'a' in undefined_a|1 in undefined_a|undefined_a < 1|not undefined_a
undefined_a | default(none)|(undefined_a | default(none)) is none|'' | default(none, true)|'zz' | int(none)|'zz' | float(none)|[1, 2] | join(none)|range(0, 5, 2)|range(6)[::2]|range(6)[1:-1]|range(6)[::-1] | list|range(3) | slice(2) | list|namespace(a=1, b='x')|'%s' % undefined_a|'a' % l|'a' % d|l is upper|d is lower|(html | safe) | list|(html | safe) | map('upper') | list
d[1:]|i[1:]|x[::2]|t[:1]|undefined_a[1:]|i | indent|l | indent|d | indent|undefined_a | indent|i | truncate|l | truncate(2)|l | truncate(1, leeway=0)|i | reverse|i | last|s | round|d | round|0.0 ** -1|s.count(1)
"""

TEMPLATES = r"""
{% for u in users %}{{ loop.index }}/{{ loop.length }}{{ loop.first }}{{ loop.last }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.index0 }}{{ loop.depth }} {{ u.name }};{% endfor %}
====
{% for u in users if u.on is defined %}{{ loop.index }}{{ u.name }}{% if not loop.last %}, {% endif %}{% else %}none{% endfor %}
====
{% for u in [] %}x{% else %}empty{% endfor %}{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }} {% endfor %}{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}
====
{% set x = 1 %}{% for i in l %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}
====
{% set ns = namespace(n=0, seen=[]) %}{% for i in l %}{% set ns.n = ns.n + i %}{% set ns.seen = ns.seen + [i] %}{% endfor %}{{ ns.n }} {{ ns.seen }}
====
{% if f %}a{% elif n %}b{% elif l %}c{% else %}d{% endif %}{% if x is defined and x %}{% set y = 2 %}{% endif %}{{ y }}
====
{% for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}
====
{% macro m(a, b='x', c=none) %}[{{ a }}|{{ b }}|{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, 2, c=3) }}{{ m(b=9) }}{{ m('a' ~ m(1)) | length }}
====
{% macro outer(x) %}<{{ caller(x, 'z') }}>{% endmacro %}{% call(a, b) outer('q') %}{{ a }}-{{ b }}-{{ i }}{% endcall %}
====
{% macro v() %}{{ varargs | length }}{{ varargs }}{% endmacro %}{{ v(1, 2) }}{% macro k() %}{{ kwargs }}{% endmacro %}{{ k(a=1) }}
====
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}
====
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(z=2) }}
====
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set c = 'x', 'y' %}{{ c }}{% set (p, q) = [5, 6] %}{{ p }}{{ q }}
====
{% set a, b = [1] %}
====
{% set a, b = 5 %}
====
{% set block %}  text {{ i }}
{% endset %}[{{ block }}]{% set up | upper %}abc{{ s }}{% endset %}{{ up }}
====
{% filter upper %}abc {{ s }}{% endfilter %}{% filter replace('a', 'b') | trim %}  aaa {% endfilter %}!
====
{% with a = 1, b = 2 %}{{ a + b }}{% set c = 3 %}{{ c }}{% endwith %}{{ a is defined }}{{ c is defined }}
====
{% for x in nested.p.q recursive %}{{ x.r }}{% endfor %}{% for item in [{'n': 1, 'c': [{'n': 2, 'c': []}]}] recursive %}{{ item.n }}{% if item.c %}({{ loop(item.c) }}){% endif %}{% endfor %}
====
{% for a in l %}{% for b in l %}{{ loop.depth }}{% if loop.last %}{{ loop.index }}{% endif %}{% endfor %}{{ loop.index }};{% endfor %}
====
{% for a in l %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }}{{ loop.previtem }}{{ loop.cycle('o', 'e') }}{{ loop.changed(a > 1) }} {% endfor %}
====
{% raw %}{{ not }} {% if %}{% endraw %}|{# comment #}|{#- trimmed -#}  |
====
  {% if t %}
    kept
  {% endif %}
end
====
a {%- if t -%}  b  {%- endif -%} c
====
a   {%+ if t %}
x {%+ endif +%}
y
====
    {{ s }}
  {% set q = 1 %}
{{ q -}}   
   z {{- q }}
====
{%- for i in l %}
{{ i }}
{%- endfor %}

last
====
x{# c #}
y
  {# c2 #}
z
====
{{ '{{' }}{{ '%}' }}{{ {'a': {'b': 1}}.a.b }}{{ {'a': {}}}}
====
{% set d2 = {'x': 1, 'y': [1, 2]} %}{{ d2.x }}{{ d2['y'][1] }}{% for k in d2 %}{{ k }}{% endfor %}{% for k, v in d2 | dictsort %}{{ k }}{{ v }}{% endfor %}
====
{% for g in users | groupby('age') %}{{ g.grouper }}:{{ g.list | length }} {% endfor %}{% for age, us in users | groupby('age') %}{{ age }}{{ us | map(attribute='name') | list }}{% endfor %}
====
{% set it = users | map(attribute='name') %}{{ it | list }}{{ it | list }}
====
{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{% set j = joiner('|') %}{{ j() }}{{ j() }}
====
{{ loop }}{{ loop is defined }}{% for i in l %}{% for j in l if j > loop.index %}{{ j }}{% endfor %};{% endfor %}
====
{% macro a() %}{{ zz }}{% endmacro %}{% set zz = 5 %}{{ a() }}{% set zz = 6 %}{{ a() }}
====
{% for i in [1] %}{% macro b() %}{{ i }}{% endmacro %}{{ b() }}{% endfor %}{{ b is defined }}
====
{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}
====
{{ users[0].name
   | upper
   | length }}{{- '
literal newline' }}
====
{% if users and users[0].age >= 30 and 'amy' in (users | map(attribute='name') | list) %}yes{% endif %}
====
{% set ns = namespace() %}{% set ns.a.b = 1 %}
====
{% set s.x = 1 %}
====
{% unknown %}
====
{% if t %}x
====
{{ 1 + }}
====
{{ 'a' }
====
{% for x in %}{% endfor %}
====
{{ (1, 2 }}
====
{% endif %}
====
{{ a b }}
====
{% set %}
====
{{ s.upper }}
====
{% for u in users %}{{ loop }}{% endfor %}
====
{% set zz.n = 1 %}
====
{% macro m() %}x{% endmacro %}{% call m() %}y{% endcall %}
====
{% macro m() %}{{ caller(1) if caller is defined }}{% endmacro %}{% call(q) m() %}y{{ q }}{% endcall %}{{ m() }}
====
{{ 1
====
{% if
====
{{
====
{{ l[ }}
====
{{% if x %}
====
{% for x in l %}{% wrong %}{% endfor %}
====
{% if x %}{% wrong %}{% endif %}
====
{% for x in l %}
====
{{ a b {{
====
{{ 'open }}
====
{% for i in l %}{% if i > 0 %}{% continue %}{% endif %}x{% else %}none came to its end{% endfor %}
====
{% for i in l %}{% break %}{% else %}none{% endfor %}{% for i in l %}{% if i == 1 %}{% break %}{% endif %}{% else %}none{% endfor %}
====
{% if x %}{% for i in l %}{% endif %}{% endfor %}
====
{% macro m() %}{% if x %}{% endmacro %}
====
{{ -0.0 | abs }} {{ (0.0 * -1) | round }}
====
x{#
"""


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    return env


def result(env, template):
    try:
        return {"template": template, "text": env.from_string(template).render(**copy.deepcopy(CONTEXT))}
    except Exception as e:  # noqa: BLE001  the error is the expected result
        return {"template": template, "error": {"type": type(e).__name__, "message": str(e)}}


def split_expressions(text):
    """Cut at `|` that no blank surrounds; a filter's bar is written with blanks."""
    out, depth, quote, start = [], 0, "", 0
    flat = text.strip("\n")
    for i, c in enumerate(flat):
        if quote:
            quote = "" if c == quote and flat[i - 1] != "\\" else quote
        elif c in "'\"":
            quote = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif depth == 0 and (c == "\n" or (c == "|" and flat[i - 1] != " ")):
            out.append(flat[start:i])
            start = i + 1
    return [e for e in [*out, flat[start:]] if e]


if __name__ == "__main__":
    env = environment()
    templates = ["{{ " + e + " }}" for e in split_expressions(EXPRESSIONS)]
    templates += [t for t in TEMPLATES.strip("\n").split("\n====\n")]
    cases = [c for c in (result(env, t) for t in templates) if " at 0x" not in c.get("text", "")]
    out = {"jinja2": jinja2.__version__, "context": CONTEXT, "cases": cases}
    Path(__file__).with_name("cases.json").write_text(json.dumps(out, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(len(cases), sum("error" in c for c in cases))
