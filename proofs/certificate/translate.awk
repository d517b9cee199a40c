# From a certificate (FORMAT.md) to the Coq file that proves its claim.
#
# Nothing but digits, letters chosen below and punctuation chosen below can reach the output: every field is
# matched against a fixed grammar first, and is written again from its parts. The first departure from the
# format ends with status 1 and one line "line N: what is wrong" on standard error.
# Set `reason` to have the refusal named instead of the theorem proved, and `only` to a name to get just the
# definition of the certificate under that name.

BEGIN {
  FS = "[ ]"; expected = 1; most_active = 20; most_kept = 200
  split("unlearn-certificate kind reduction rows forgotten kept parameters active lambda theta reference radius lo hi data-sha256", keys, " ")
  last_key = 15
}

function refuse(why) {
  if (!refused) printf "line %d: %s\n", NR, why > "/dev/stderr"
  refused = 1
  exit 1
}

# How many numbers follow the keyword.
function fields(n) { if (NF != n + 1) refuse($1 " takes " n " values, not " NF - 1) }

function whole(s) {
  if (s !~ /^(0|[1-9][0-9]*)$/ || length(s) > 9) refuse("'" s "' is not a whole number below 10^9 without leading zeros")
  return s + 0
}

# Increasing runs "7" or "7-9" from field 3 on, none touching the next, all below `total`; they hold field 2 many.
function runs(total,   i, at, from, to, next_free, held) {
  held = 0; next_free = 0
  for (i = 3; i <= NF; i++) {
    at = index($i, "-")
    if (at) { from = whole(substr($i, 1, at - 1)); to = whole(substr($i, at + 1)) } else { from = to = whole($i) }
    if (at && to <= from) refuse("the run " $i " must go upwards")
    if (from < next_free) refuse("the run " $i " does not come after the one before it, with a gap")
    if (to >= total) refuse("the run " $i " reaches beyond " total)
    next_free = to + 2; held += to - from + 1
  }
  if (held != whole($2)) refuse($1 " " $2 ", but " held " are listed")
  return held
}

# A number in Coq: sign, hexadecimal mantissa and binary exponent. Numbers that thousands of products are formed
# with are below 2^300 and multiples of 2^-352, or else a hostile file could keep Coq busy for an hour.
function number(s, signed, narrow,   minus, p, mantissa, digits, e, bits) {
  if (s == "0x0p0") return "N 0 0"
  minus = ""
  if (substr(s, 1, 1) == "-") {
    if (!signed) refuse($1 ": '" s "' is negative")
    minus = "-"; s = substr(s, 2)
  }
  if (s !~ /^0x[1-9a-f][0-9a-f]*p(0|-?[1-9][0-9]*)$/ || length(s) > 22) refuse("'" substr(s, 1, 40) "' is not a number of the form 0x1bp-3")
  p = index(s, "p"); mantissa = substr(s, 3, p - 3); e = substr(s, p + 1) + 0; digits = length(mantissa)
  if (digits > 14 || (digits == 14 && mantissa !~ /^1/)) refuse("the mantissa of '" s "' has more than 53 bits")
  if (mantissa !~ /[13579bdf]$/) refuse("the mantissa of '" s "' is even; halve it")
  bits = 4 * digits - (mantissa ~ /^1/ ? 3 : mantissa ~ /^[23]/ ? 2 : mantissa ~ /^[4-7]/ ? 1 : 0)
  if (e < -1074 || e + bits > 1024) refuse("'" s "' is not a 64-bit float")
  if (narrow && (e < -352 || e + bits > 300)) refuse("'" s "' is not a multiple of 2^-352 below 2^300")
  return "N (" minus "0x" mantissa ") (" e ")"
}

function list(from, to,   i, text) {
  text = ""
  for (i = from; i <= to; i++) text = text (i > from ? "; " : "") number($i, 1, 1)
  return "[:: " text "]"
}

{ for (i = 1; i <= NF; i++) if ($i == "") refuse("fields are separated by one space, and none is empty") }

closed { refuse("nothing may follow the line sha256") }

expected <= last_key && $1 != keys[expected] { refuse("expected '" keys[expected] "'") }

expected <= last_key {
  expected++
  if ($1 == "unlearn-certificate") { fields(1); if ($2 != "1") refuse("version " whole($2) " of the format is not known; this checks version 1") }
  else if ($1 == "kind") { fields(1); if ($2 != "ridge" && $2 != "logistic") refuse("kind must be ridge or logistic"); kind = $2 }
  else if ($1 == "reduction") { fields(1); if ($2 != "mean" && $2 != "sum") refuse("reduction must be mean or sum"); mean = ($2 == "mean") ? "true" : "false" }
  else if ($1 == "rows") { fields(1); rows = whole($2) }
  else if ($1 == "forgotten") { if (NF < 2) fields(1); forgotten = runs(rows) }
  else if ($1 == "kept") {
    fields(1); kept = whole($2)
    if (kept + forgotten != rows) refuse("rows are not kept + forgotten")
    if (kept < 1 || kept > most_kept) refuse("1 to " most_kept " rows can be kept")
  }
  else if ($1 == "parameters") { fields(1); parameters = whole($2) }
  else if ($1 == "active") {
    if (NF < 2) fields(1)
    active = runs(parameters)
    if (active < 1 || active > most_active) refuse("1 to " most_active " parameters can be active")
  }
  else if ($1 == "theta" || $1 == "reference") { fields(active); value[$1] = list(2, NF) }
  else if ($1 == "data-sha256") { fields(1); if ($2 !~ /^[0-9a-f]+$/ || length($2) != 64) refuse("a digest has 64 hexadecimal digits") }
  else { fields(1); value[$1] = number($2, 0, $1 == "lambda") }
  next
}

$1 == "row" && found < kept {
  fields(active + 1)
  if (kind == "logistic" && $NF != "0x0p0" && $NF != "0x1p0") refuse("a logistic target is 0 or 1")
  design = design (found ? ";\n" : "") list(2, NF - 1)
  target = target (found ? "; " : "") number($NF, 1, 1)
  found++
  next
}

$1 == "sha256" && found == kept { fields(1); closed = 1; next }

{ refuse(found < kept ? "expected row " found + 1 " of " kept : "expected sha256 after " kept " rows") }

END {
  if (refused) exit 1
  if (!closed) refuse("the file ends too early")
  name = (kind == "ridge") ? "Ridge" : "Logistic"
  if (!only) head()
  print "Definition " (only ? only : "c") " : certificate := Certificate " mean
  print "  (" value["lambda"] ")\n  " value["theta"] "\n  " value["reference"] "\n  (" value["radius"] ")"
  print "[:: " design "]\n[:: " target "]"
  print "  (" value["lo"] ")\n  (" value["hi"] ")."
  if (!only) claim()
}

function head() {
  print "From Coq Require Import ZArith."
  print "From Flocq Require Import Core."
  print "From mathcomp Require Import all_ssreflect all_algebra."
  print "From mathcomp Require Import Rstruct."
  print "From Unlearn Require Import Euclid Convex Dyadic Claim Claim" name "."
  print "Local Notation N := (Float radix2)."
  print "Local Open Scope Z_scope."
}

function claim() {
  if (reason) {
    print "Definition found := Eval vm_compute in " kind "_verdict c."
    print "Redirect \"found\" Print found."
  } else {
    print "Lemma accepted : verified (" kind "_verdict c) = true."
    print "Proof. vm_cast_no_check (@erefl bool true). Qed."
    print "Local Open Scope ring_scope."
    print "Theorem certified : forall th_r, minimiser (" kind "_objective c) th_r ->"
    print "  (val (c_lo c) <= norm (audited c - th_r) <= val (c_hi c))."
    print "Proof. exact (" kind "_certificate_sound accepted). Qed."
    print "Redirect \"axioms\" Print Assumptions certified."
  }
}
