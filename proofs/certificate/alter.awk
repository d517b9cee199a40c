# Every way in which the drill alters a certificate: prints "line number|new line", one alteration per line.
# Each makes the claim false or unproved: a digit among the first six of a mantissa, an exponent, a sign, a zero.
# An end is only moved inwards (outwards the claim stays true), the radius by a factor 2^40.

function digit(d, by) { return substr("0123456789abcdef", (index("0123456789abcdef", d) - 1 + by) % 16 + 1, 1) }

function emit(field, text,   i, line) {
  line = $1
  for (i = 2; i <= NF; i++) line = line " " (i == field ? text : $i)
  print FNR "|" line
}

function alter(field,   s, minus, p, m, e, i, d, by, last) {
  s = $field
  if (s == "0x0p0") { emit(field, "0x1p-20"); return }
  minus = ""
  if (substr(s, 1, 1) == "-") { minus = "-"; s = substr(s, 2) }
  p = index(s, "p"); m = substr(s, 3, p - 3); e = substr(s, p + 1) + 0
  if ($1 == "radius") { emit(field, "0x" m "p" e - 40); emit(field, "0x" m "p" e + 40); return }
  emit(field, minus "0x" m "p" ($1 == "hi" ? e - 1 : e + 1))
  if ($1 == "theta" || $1 == "reference" || $1 == "row") emit(field, (minus ? "" : "-") s)
  for (i = 1; i <= length(m) && i <= 6; i++) {
    d = substr(m, i, 1); last = (i == length(m))
    # Upwards for lo, downwards for hi, and the last digit stays odd.
    by = ($1 == "hi" ? -1 : 1) * (last ? 2 : 1)
    if ($1 == "lo" && (d == "f" || last && d == "e") || $1 == "hi" && (d == "0" || i == 1 || last && d == "1")) continue
    d = digit(d, by + 16)
    if (d == "0" && i == 1) d = "2"
    emit(field, minus "0x" substr(m, 1, i - 1) d substr(m, i + 1) "p" e)
  }
}

$1 == "lambda" || $1 == "theta" || $1 == "reference" || $1 == "radius" || $1 == "lo" || $1 == "hi" || $1 == "row" {
  for (f = 2; f <= NF; f++) alter(f)
}
