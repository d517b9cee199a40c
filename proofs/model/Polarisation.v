(** * Polarisation: a binary cubic form bounded by K on the unit circle has mixed
    values bounded by K as well (the plane case of Banach's theorem on symmetric
    multilinear forms).

    The mixed value is a combination of three values of the form, 60 degrees apart,
    with weights that are not negative and add up to 1; one of the three angles is a
    third of the angle asked for.

      cubic a b d e x y   a x^3 + 3 b x^2 y + 3 d x y^2 + e y^3
      polarisation        |cubic| <= K on the circle gives |a x + b y| <= K there *)
From Coq Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.
Local Open Scope R_scope.

Definition cubic (a b d e x y : R) : R := a * x^3 + 3 * b * x^2 * y + 3 * d * x * y^2 + e * y^3.

Lemma node_identity (a b d e c s r : R) : c * c + s * s = 1 -> r * r = 3 ->
  let X := 1 - 4 * (s*s) + 8 / 3 * (s*s*s*s) in
  let Y := 8 / 3 * (c*s*s*s) in
  (4 * c*c*c - 3 * c) * a + (3 * s - 4 * s*s*s) * b
  = (1 + 2 * X) / 3 * cubic a b d e c s
  - ((1 - X) / 3 - Y * r / 3) * cubic a b d e (c / 2 - r / 2 * s) (s / 2 + r / 2 * c)
  - ((1 - X) / 3 + Y * r / 3) * cubic a b d e (c / 2 + r / 2 * s) (s / 2 - r / 2 * c).
Proof.
  intros hc hr X Y. unfold X, Y, cubic.
  set (Q1 := 2*a*c^3*s^4/3 + 2*a*c*r^2*s^6/9 + a*c*s^4 - 2*b*c^4*s^3/3 - 2*b*c^2*r^2*s^5/3 + 2*b*c^2*s^5/3 - 2*b*c^2*s^3 - 2*b*s^7/3 + b*s^5 - 2*c^4*e*r^2*s^3/9 - 2*c^4*e*s^3/3 + 2*c^3*d*r^2*s^4/3 + c^3*d*s^2 - 4*c^2*e*s^5/3 + c^2*e*s^3 + 2*c*d*s^6 - 2*c*d*s^4).
  set (Q2 := 3*a*c*s^2 + 3*a*c - 2*b*c^2*s^3 - 2*b*s^5 + b*s^3 - 3*b*s - 2*c^2*e*s^3 + 3*c*d*s^2 - 2*e*s^5 + e*s^3).
  apply Rminus_diag_uniq.
  transitivity ((r * r - 3) * Q1 + (c * c + s * s - 1) * Q2).
  - unfold Q1, Q2. field.
  - rewrite hr, hc. ring.
Qed.

(** The weights are not negative and add up to 1. *)
Lemma node_weights (c s r : R) : c * c + s * s = 1 -> r * r = 3 ->
  let X := 1 - 4 * (s*s) + 8 / 3 * (s*s*s*s) in
  let Y := 8 / 3 * (c*s*s*s) in
  0 <= (1 + 2 * X) / 3 /\ 0 <= (1 - X) / 3 - Y * r / 3 /\ 0 <= (1 - X) / 3 + Y * r / 3.
Proof.
  intros hc hr X Y.
  assert (H0 : 1 + 2 * X = (3 - 4 * (s*s)) * (3 - 4 * (s*s)) / 3) by (unfold X; field).
  assert (P0 := Rle_0_sqr (3 - 4 * (s*s))). unfold Rsqr in P0.
  assert (Hs : 0 <= s * s <= 1) by (split; [apply Rle_0_sqr | generalize (Rle_0_sqr c); unfold Rsqr; lra]).
  assert (Q : Rabs (2 * r * c * s) <= 3 - 2 * (s*s)).
  { apply Rsqr_incr_0_var; [|lra]. rewrite <- Rsqr_abs. unfold Rsqr.
    replace (2 * r * c * s * (2 * r * c * s)) with (4 * (r*r) * (c*c) * (s*s)) by ring.
    rewrite hr. replace (c*c) with (1 - s*s) by lra.
    replace (4 * 3 * (1 - s*s) * (s*s)) with ((3 - 2*(s*s)) * (3 - 2*(s*s)) - (3 - 4*(s*s)) * (3 - 4*(s*s))) by ring.
    lra. }
  assert (Q1 := Rle_abs (2 * r * c * s)). assert (Q2 := Rle_abs (- (2 * r * c * s))).
  rewrite Rabs_Ropp in Q2.
  assert (E1 : (1 - X) / 3 - Y * r / 3 = 4 / 9 * (s*s) * (3 - 2 * (s*s) - 2 * r * c * s)) by (unfold X, Y; field).
  assert (E2 : (1 - X) / 3 + Y * r / 3 = 4 / 9 * (s*s) * (3 - 2 * (s*s) + 2 * r * c * s)) by (unfold X, Y; field).
  rewrite E1, E2, H0. repeat split.
  - lra.
  - apply Rmult_le_pos; lra.
  - apply Rmult_le_pos; lra.
Qed.

Theorem polarisation (a b d e K x y : R) :
  (forall p q, p * p + q * q = 1 -> Rabs (cubic a b d e p q) <= K) ->
  x * x + y * y = 1 -> 0 <= y -> Rabs (a * x + b * y) <= K.
Proof.
  intros hK hxy hy.
  assert (hx : -1 <= x <= 1) by nra.
  set (t := acos x / 3). set (c := cos t). set (s := sin t). set (r := sqrt 3).
  assert (hr : r * r = 3) by (apply sqrt_def; lra).
  assert (hc : c * c + s * s = 1) by (generalize (sin2_cos2 t); unfold Rsqr, c, s; lra).
  assert (C3 : 4 * c*c*c - 3 * c = x).
  { rewrite <- (cos_acos x hx). replace (acos x) with (2 * t + t) by (unfold t; field).
    rewrite cos_plus, cos_2a, sin_2a. fold c s.
    replace (c * c - s * s) with (2 * (c * c) - 1) by lra.
    replace (2 * s * c * s) with (2 * c * (s * s)) by ring.
    replace (s * s) with (1 - c * c) by lra. ring. }
  assert (S3 : 3 * s - 4 * s*s*s = y).
  { replace y with (sin (acos x)).
    - replace (acos x) with (2 * t + t) by (unfold t; field).
      rewrite sin_plus, cos_2a, sin_2a. fold c s.
      replace (2 * s * c * c) with (2 * s * (c * c)) by ring.
      replace (c * c) with (1 - s * s) by lra. ring.
    - rewrite sin_acos by exact hx.
      replace (1 - Rsqr x) with (y * y) by (unfold Rsqr; lra).
      apply sqrt_square, hy. }
  generalize (node_identity a b d e c s r hc hr) (node_weights c s r hc hr).
  cbv zeta. rewrite C3, S3.
  set (m0 := (1 + 2 * _) / 3). set (m1 := _ / 3 - _ * r / 3). set (m2 := _ / 3 + _ * r / 3).
  intros E [W0 [W1 W2]].
  assert (T : m0 + m1 + m2 = 1) by (unfold m0, m1, m2; field).
  assert (F0 := hK c s hc).
  assert (F1 : Rabs (cubic a b d e (c / 2 - r / 2 * s) (s / 2 + r / 2 * c)) <= K).
  { apply hK. replace ((c / 2 - r / 2 * s) * (c / 2 - r / 2 * s) + (s / 2 + r / 2 * c) * (s / 2 + r / 2 * c))
      with ((1 + r * r) * (c * c + s * s) / 4) by field. rewrite hr, hc. field. }
  assert (F2 : Rabs (cubic a b d e (c / 2 + r / 2 * s) (s / 2 - r / 2 * c)) <= K).
  { apply hK. replace ((c / 2 + r / 2 * s) * (c / 2 + r / 2 * s) + (s / 2 - r / 2 * c) * (s / 2 - r / 2 * c))
      with ((1 + r * r) * (c * c + s * s) / 4) by field. rewrite hr, hc. field. }
  replace (a * x + b * y) with (x * a + y * b) by ring. rewrite E.
  revert F0 F1 F2. generalize (cubic a b d e c s)
    (cubic a b d e (c / 2 - r / 2 * s) (s / 2 + r / 2 * c))
    (cubic a b d e (c / 2 + r / 2 * s) (s / 2 - r / 2 * c)). intros f0 f1 f2 F0 F1 F2.
  apply Rabs_le_between in F0. apply Rabs_le_between in F1. apply Rabs_le_between in F2.
  apply Rabs_le. clearbody m0 m1 m2. clear - W0 W1 W2 T F0 F1 F2.
  assert (U0 : - (m0 * K) <= m0 * f0 <= m0 * K) by (split; nra).
  assert (U1 : - (m1 * K) <= m1 * f1 <= m1 * K) by (split; nra).
  assert (U2 : - (m2 * K) <= m2 * f2 <= m2 * K) by (split; nra).
  assert (m0 * K + m1 * K + m2 * K = K) by (rewrite <- !Rmult_plus_distr_r, T; ring).
  lra.
Qed.
