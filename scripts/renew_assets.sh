#!/bin/sh
# Renews the design system and htmx under app/web/static, and the fonts of letters under app/letters/fonts, from their
# npm packages. Needs npm and python3, nothing else.
#
#   scripts/renew_assets.sh                 the versions below
#   scripts/renew_assets.sh 3.14.0 4.0.1    other versions of USWDS and htmx; then change app/web/assets.py
#
# What is taken is what the pages use: the style sheet, the scripts, and the pictures and fonts the style sheet names.
# Each folder gets its licence and SHA256SUMS, which a test compares with the files.
set -eu

uswds=${1:-3.14.0}
htmx=${2:-4.0.1}
static=$(cd "$(dirname "$0")/.." && pwd)/app/web/static
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
npm pack --silent "@uswds/uswds@$uswds" "htmx.org@$htmx" >/dev/null
mkdir uswds htmx
tar xzf "uswds-uswds-$uswds.tgz" -C uswds --strip-components=1
tar xzf "htmx.org-$htmx.tgz" -C htmx --strip-components=1

to=$static/uswds/$uswds
rm -rf "$static/uswds"
mkdir -p "$to/css" "$to/js"
cp uswds/LICENSE.md "$to/LICENSE.md"
cp uswds/dist/css/uswds.min.css "$to/css/"
cp uswds/dist/js/uswds.min.js uswds/dist/js/uswds-init.min.js "$to/js/"
python3 - uswds/dist "$to" <<'PYTHON'
"""Copies what the style sheet names. Faces that no page asks for are cut out of it, and the notes on source maps."""
import re
import shutil
import sys
from pathlib import Path

dist, to = Path(sys.argv[1]), Path(sys.argv[2])
used = {"sourcesanspro-regular", "sourcesanspro-bold", "sourcesanspro-italic", "Merriweather-Bold", "roboto-mono-v5-latin-regular"}
sheet = to / "css/uswds.min.css"
text = sheet.read_text()
faces = re.compile(r"@font-face\{[^}]*\}")
text = faces.sub(lambda face: face[0] if any(name + e in face[0] for name in used for e in ("-webfont.", ".")) else "", text)
for script in [sheet, *to.glob("js/*.js")]:
    body = text if script == sheet else script.read_text()
    script.write_text(re.sub(r"\n?(/\*#|//#) sourceMappingURL=\S+( \*/)?", "", body))
for name in sorted(set(re.findall(r"url\((\.\./(?:img|fonts)/[^)]+)\)", text))):
    if name.endswith("hero.jpg"):  # a background no page uses
        continue
    target = (to / "css" / name).resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile((dist / "css" / name).resolve(), target)
PYTHON

to=$static/htmx/$htmx
rm -rf "$static/htmx"
mkdir -p "$to"
cp htmx/LICENSE "$to/LICENSE"
cp htmx/dist/htmx.min.js "$to/htmx.min.js"
sed -i '/^\/\/# sourceMappingURL=/d' "$to/htmx.min.js"

# The letter's own face, and one for what people type today. Greek, Cyrillic, Hebrew and Arabic come with typst.
sans=0.4.2 emoji=0.4.7
letters=$static/../../letters/fonts
rm -rf "$letters"
mkdir -p "$letters"
npm pack --silent "@expo-google-fonts/public-sans@$sans" "@expo-google-fonts/noto-emoji@$emoji" >/dev/null
for font in public-sans-$sans noto-emoji-$emoji; do
    mkdir "$font"
    tar xzf "expo-google-fonts-$font.tgz" -C "$font" --strip-components=1
    cp "$font/LICENSE_FONT" "$letters/LICENSE-${font%-*}"
done
cp public-sans-$sans/400Regular/PublicSans_400Regular.ttf public-sans-$sans/700Bold/PublicSans_700Bold.ttf "$letters/"
cp noto-emoji-$emoji/400Regular/NotoEmoji_400Regular.ttf "$letters/"

# What tests read our invitations with; see tests/vendor/ical.js/README.md.
icaljs=2.2.1
vendor=$static/../../../tests/vendor/ical.js
npm pack --silent "ical.js@$icaljs" >/dev/null
mkdir icaljs
tar xzf "ical.js-$icaljs.tgz" -C icaljs --strip-components=1
cp icaljs/LICENSE icaljs/dist/ical.es5.min.cjs "$vendor/"
sed -i '/^\/\/# sourceMappingURL=/d' "$vendor/ical.es5.min.cjs"

for folder in "$vendor" "$static/uswds/$uswds" "$static/htmx/$htmx" "$letters"; do
    (cd "$folder" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
done
echo "USWDS $uswds, htmx $htmx and the fonts are in place; see app/web/assets.py for the versions the pages name"
