# Prints every construction of a Coq source that could assume something
# without proving it, as "file: what".  Comments and strings are ignored.
#   anywhere: Admitted, admit, give_up, bypass_check, Axiom, Parameter,
#             Conjecture, Primitive, Load, Add LoadPath, Declare ML Module,
#             Unset Guard / Positivity / Universe Checking
#   outside a section: Variable, Hypothesis, Context (there they are axioms)
function finish_file() {
  if (text != "") scan(text)
  text = ""; comment = 0; string = 0; top = 0
}
function report(what) { print name ": " what }
function in_section(  i) {
  for (i = 1; i <= top; i++) if (stack[i] == "Section") return 1
  return 0
}
function sentence(s,  word) {
  gsub(/[ \t\r\n]+/, " ", s)
  sub(/^ /, "", s)
  while (s ~ /^[-+*{}] ?/) sub(/^[-+*{}] ?/, "", s)
  if (s ~ /bypass_check/) report("bypass_check")
  while (s ~ /^#\[[^]]*\] ?/) sub(/^#\[[^]]*\] ?/, "", s)
  while (s ~ /^(Local|Global|Polymorphic|Monomorphic|Program|Private|Time|Fail|Timeout [0-9]+) /)
    sub(/^[A-Za-z]+ ([0-9]+ )?/, "", s)
  word = s; sub(/[^A-Za-z_].*$/, "", word)
  if (word ~ /^(Axioms?|Parameters?|Conjectures?|Admitted|Primitive|Load)$/) report(word)
  else if (word ~ /^(Variables?|Hypothesis|Hypotheses|Context)$/ && !in_section())
    report(word " outside a section")
  else if (s ~ /^Unset (Guard|Positivity|Universe) Checking/) report(s)
  else if (s ~ /^(Add (Rec )?LoadPath|Declare ML Module)/) report(s)
  if ((" " s " ") ~ /[^A-Za-z0-9_'](admit|give_up|Admitted)[^A-Za-z0-9_']/ && word != "Admitted")
    report("admit")
  if (word == "Section" || (word == "Module" && s !~ /:=/)) stack[++top] = word
  else if (word == "End" && top > 0) top--
}
function scan(t,  n, i, part) {
  n = split(t, part, /\.[ \t\r\n]/)
  for (i = 1; i <= n; i++) sentence(part[i])
}
FNR == 1 { finish_file(); name = FILENAME }
{
  line = $0; out = ""; length_left = length(line)
  for (i = 1; i <= length_left; i++) {
    c = substr(line, i, 1); two = substr(line, i, 2)
    if (string) { if (c == "\"") string = 0; continue }
    if (c == "\"") { string = 1; out = out " "; continue }
    if (two == "(*") { comment++; i++; continue }
    if (comment && two == "*)") { comment--; i++; out = out " "; continue }
    if (!comment) out = out c
  }
  text = text out "\n"
}
END { finish_file() }
