#!/usr/bin/env bash
# scipy 1.17.1, scipy.special.hyp2f1 inside the circle of convergence.
#
# Expected: a number for 2F1(1, 160; 175; z), whose power series has positive terms alone and converges: at z = 0.9 as at
#   0.91, as mpmath 1.3.0 says.
# Seen: a number at 0.9, and nan at 0.91, without an error or a warning. With 160.001 in place of 160 there is a number at
#   both: c - a - b is a whole number here.
# Why it matters: the expectation of BG/NBD (Fader, Hardie and Lee 2005, equation 10) is such a function of r + x, b + x and
#   a + b + x - 1, which are whole where r, a and b are. Customers had no expected orders. The expectation is summed here.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scipy==1.17.1 mpmath==1.3.0

cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON' | tee seen.txt
import mpmath
from scipy.special import hyp2f1


for b in (160.0, 160.001):
    for z in (0.9, 0.91):
        print(f"b = {b}, z = {z}: scipy {hyp2f1(1.0, b, 175.0, z):.6f}, mpmath {float(mpmath.hyp2f1(1, b, 175, z)):.6f}")
PYTHON

diff - seen.txt <<'SEEN'
b = 160.0, z = 0.9: scipy 5.709168, mpmath 5.709168
b = 160.0, z = 0.91: scipy nan, mpmath 6.029202
b = 160.001, z = 0.9: scipy 5.709333, mpmath 5.709333
b = 160.001, z = 0.91: scipy 6.029389, mpmath 6.029389
SEEN
