#!/usr/bin/env bash
# facebook-business 26.0.3, Meta's own Python SDK (facebook_business.adobjects.serverside.normalize).
#
# Expected, by Meta's page on custom audiences: a postal code in lower case without spaces and dashes, cut to five digits in
# the United States alone, and for the UK area, district and sector; a phone number with the country's code and without
# leading zeros, as it is dialled from abroad.
# Seen: every postal code is cut at its first dash, so the Portuguese 2505-250 becomes 2505 and the Japanese 154-0023
# becomes 154; the British code keeps its unit; the zero in brackets of +49 (0)170 stays, which no phone is dialled with.
#
# Why it matters here: hashes of these values match nobody. Our feeds follow the page and not the SDK, so whoever
# compares the two sees other hashes for the same customer.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet facebook-business==26.0.3

"$folder/venv/bin/python" - <<'PYTHON'
from facebook_business.adobjects.serverside.normalize import Normalize

SEEN = {
    ("zp", "2505-250"): "2505",
    ("zp", "154-0023"): "154",
    ("zp", "SW1A 1AA"): "sw1a1aa",
    ("ph", "+49 (0)170 1234567"): "4901701234567",
}
for (field, value), expected in SEEN.items():
    normalised = Normalize.normalize(field, value, False)
    print(f"{field} {value!r} -> {normalised!r}")
    assert normalised == expected, f"no longer seen: {expected!r}"
PYTHON
