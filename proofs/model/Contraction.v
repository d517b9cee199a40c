(** * Contraction: Banach's fixed point theorem on R^d, for any norm, and the mean
    value inequality along a segment.  Over the reals.

    Definitions
      vector_norm N          N is subadditive, even, and equivalent to the coordinates
      ball N w0 r            the closed ball: N (x - w0) <= r
      derivative_on P g H    H x is the derivative of g at every x of P, in every direction

    Theorems
      vector_norm_euclid     the Euclidean norm is one
      fixed_point            a map of the closed ball into itself that shrinks its distances
                             by q < 1 has a fixed point there ...
      fixed_point_unique     ... and at most one
      ball_segment           a Euclidean ball is convex
      path_increment         a bound on <z, G'> over [0,1] bounds <z, G 1 - G 0>
      path_increment_linear  <z, G' t> <= K0 + K1 t gives <z, G 1 - G 0> <= K0 + K1/2 *)
From Coq Require Import Reals.
From Coquelicot Require Import Coquelicot.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From Unlearn Require Import Euclid Convex Newton Slope Geometric HessianLipschitz.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.
#[local] Bind Scope ring_scope with R.

(** Geometric.v in MathComp's notation. *)
Lemma geometric_vanishE (c q a b : R) : 0 <= c -> 0 <= q < 1 ->
  (forall n, a <= b + c * q ^+ n) -> a <= b.
Proof.
move=> c0 /andP [q0 q1] h; apply/RleP; apply: (@geometric_vanish c q).
- exact/RleP.
- by split; [apply/RleP | apply/RltP].
- by move=> n; apply/RleP; rewrite RplusE RmultE RpowE; apply: h.
Qed.

Lemma geometric_limitE (c q : R) : 0 <= c -> 0 <= q < 1 -> exists2 B : R, 0 <= B &
  forall u : nat -> R, (forall n, `|u n.+1 - u n| <= c * q ^+ n) ->
  exists l, forall n, `|u n - l| <= B * q ^+ n.
Proof.
move=> c0 /andP [q0 q1]; exists (Rdiv c (Rminus 1 q)).
  have h : Rlt 0 (Rminus 1 q) by apply/RltP; rewrite RminusE subr_gt0.
  by apply/RleP; apply: Rmult_le_pos; [apply/RleP | apply: Rlt_le; apply: Rinv_0_lt_compat].
move=> u hu; have [l hl] : exists l, forall n,
    Rle (Rabs (Rminus (u n) l)) (Rmult (Rdiv c (Rminus 1 q)) (pow q n)).
  apply: (@geometric_limit c q _ _ u).
  - exact/RleP.
  - by split; [apply/RleP | apply/RltP].
  - by move=> n; apply/RleP; rewrite RmultE RpowE; apply: hu.
by exists l => n; have /RleP := hl n; rewrite RmultE RpowE.
Qed.

Section Banach.
Variable d : nat.
Implicit Types (x y z u v w : 'cV[R]_d) (N : 'cV[R]_d -> R) (T : 'cV[R]_d -> 'cV[R]_d).

Definition vector_norm N := [/\ forall u v, N (u + v) <= N u + N v,
  forall u, N (- u) = N u,
  exists2 c, 0 <= c & forall u i, `|u i 0| <= c * N u &
  exists2 C, 0 <= C & forall u, N u <= C * (\sum_i `|u i 0|)].

Definition ball N w r : pred 'cV[R]_d := fun x => N (x - w) <= r.

Lemma norm_coord u i : `|u i 0| <= norm u.
Proof.
rewrite -ler_sqr ?nnegrE ?norm_ge0 // real_normK ?num_real // norm_sq /dot (bigD1 i) //= expr2.
by rewrite ler_addl; apply: sumr_ge0 => j _; rewrite -expr2 sqr_ge0.
Qed.

Theorem vector_norm_euclid : vector_norm (@norm _ d).
Proof.
split; [exact: norm_triangle | exact: normN | |].
  by exists 1; rewrite ?ler01 // => u i; rewrite mul1r norm_coord.
exists 1; rewrite ?ler01 // => u; rewrite mul1r.
have s0 : 0 <= \sum_i `|u i 0| by apply: sumr_ge0 => i _; apply: normr_ge0.
rewrite norm_le_sq // expr2 mulr_suml; apply: ler_sum => i _.
apply: le_trans (ler_norm _) _; rewrite normrM ler_wpmul2l ?normr_ge0 //.
by rewrite (bigD1 i) //= ler_addl; apply: sumr_ge0 => j _; apply: normr_ge0.
Qed.

Section Fixed.
Variables (N : 'cV[R]_d -> R) (T : 'cV[R]_d -> 'cV[R]_d) (q : R).
Hypotheses (vN : vector_norm N) (q1 : 0 <= q < 1).

Lemma vector_norm_ge0 u : 0 <= N u.
Proof.
have [tri opp _ [C C0 hC]] := vN.
have n0 : 0 <= N 0.
  by have := tri 0 0; rewrite addr0 ler_addl.
have := tri u (- u); rewrite subrr opp -mulr2n => h.
by have := le_trans n0 h; rewrite pmulrn_lge0.
Qed.

Lemma vector_norm_eq0 u : N u <= 0 -> u = 0.
Proof.
have [_ _ [c c0 hc] _] := vN => h; apply/colP => i; rewrite mxE; apply/eqP.
rewrite -normr_eq0 eq_le normr_ge0 andbT; apply: le_trans (hc u i) _.
by rewrite mulr_ge0_le0.
Qed.

Lemma vector_normBC u v : N (u - v) = N (v - u).
Proof. by have [_ opp _ _] := vN; rewrite -opprB opp. Qed.

Theorem fixed_point_unique (P : pred 'cV[R]_d) x y :
  (forall u v, P u -> P v -> N (T u - T v) <= q * N (u - v)) ->
  P x -> P y -> T x = x -> T y = y -> x = y.
Proof.
move=> ct Px Py Tx Ty; have := ct x y Px Py; rewrite Tx Ty => h.
have {}h : (1 - q) * N (x - y) <= 0 by rewrite mulrBl mul1r subr_le0.
have q1' : 0 < 1 - q by case/andP: q1 => _; rewrite subr_gt0.
by apply/eqP; rewrite -subr_eq0; apply/eqP/vector_norm_eq0; rewrite -(pmulr_rle0 _ q1').
Qed.

Theorem fixed_point w r : 0 <= r ->
  (forall x, ball N w r x -> ball N w r (T x)) ->
  (forall x y, ball N w r x -> ball N w r y -> N (T x - T y) <= q * N (x - y)) ->
  exists2 x, ball N w r x & T x = x.
Proof.
move=> r0 self ct; have [tri opp [c c0 hc] [C C0 hC]] := vN.
pose x n := iter n T w; pose e := N (T w - w).
have q0 : 0 <= q by case/andP: q1.
have N0 : N 0 <= 0 by have := hC 0; rewrite big1 ?mulr0 // => i _; rewrite mxE normr0.
have xb n : ball N w r (x n).
  by elim: n => [|n IH]; [rewrite /ball subrr; apply: le_trans N0 r0 | apply: self].
have e0 : 0 <= e by apply: vector_norm_ge0.
have xs n : N (x n.+1 - x n) <= e * q ^+ n.
  elim: n => [|n IH]; first by rewrite expr0 mulr1.
  apply: le_trans (ct _ _ (xb n.+1) (xb n)) _.
  by rewrite exprS mulrCA ler_wpmul2l.
have [B B0 hB] := geometric_limitE (mulr_ge0 c0 e0) q1.
have /fin_all_exists [l hl] : forall i, exists l, forall n, `|x n i 0 - l| <= B * q ^+ n.
  move=> i; apply: hB => n; have := hc (x n.+1 - x n) i; rewrite !mxE => /le_trans; apply.
  by rewrite -mulrA ler_wpmul2l.
pose lim : 'cV[R]_d := \col_i l i; pose D := C * (\sum_(i < d) B).
have D0 : 0 <= D by rewrite mulr_ge0 //; apply: sumr_ge0.
have near n : N (x n - lim) <= D * q ^+ n.
  apply: le_trans (hC _) _; rewrite /D -mulrA ler_wpmul2l // mulr_suml.
  by apply: ler_sum => i _; rewrite !mxE.
have limb : ball N w r lim.
  apply: (geometric_vanishE D0 q1) => n.
  have -> : lim - w = (x n - w) + (lim - x n) by rewrite [RHS]addrC addrA subrK.
  apply: le_trans (tri _ _) _; apply: ler_add; first exact: xb.
  by rewrite vector_normBC.
exists lim => //; apply/eqP; rewrite -subr_eq0; apply/eqP/vector_norm_eq0.
apply: (geometric_vanishE (mulr_ge0 (ler0n _ 2) D0) q1) => n; rewrite add0r.
have -> : T lim - lim = (T lim - T (x n)) + (x n.+1 - lim) by rewrite /= addrA subrK.
apply: le_trans (tri _ _) _; rewrite -mulrA mulrDl mul1r; apply: ler_add.
  apply: le_trans (ct _ _ limb (xb n)) _; rewrite vector_normBC.
  apply: le_trans (_ : 1 * N (x n - lim) <= _); last by rewrite mul1r.
  by rewrite ler_wpmul2r ?vector_norm_ge0 //; case/andP: q1 => _ /ltW.
apply: le_trans (near n.+1) _; rewrite exprS mulrCA.
rewrite -[X in _ <= X]mul1r; apply: ler_wpmul2r; first by rewrite mulr_ge0 ?exprn_ge0.
by case/andP: q1 => _ /ltW.
Qed.
End Fixed.
End Banach.

Section Segment.
Variable d : nat.
Implicit Types (x y v w z : 'cV[R]_d) (P : pred 'cV[R]_d).

Definition derivative_on P (g : 'cV[R]_d -> 'cV[R]_d) (H : 'cV[R]_d -> 'M[R]_d) :=
  forall x, P x -> forall v i, is_derive (fun t : R => g (x + t *: v) i 0) (0 : R) ((H x *m v) i 0).

Lemma derivative_of_on P g H : derivative_of g H -> derivative_on P g H.
Proof. by move=> hd x _ v i; apply: hd. Qed.

Lemma derivative_path P g H x v (t : R) i : derivative_on P g H -> P (x + t *: v) ->
  is_derive (fun s : R => g (x + s *: v) i 0) t ((H (x + t *: v) *m v) i 0).
Proof.
move=> hd hP; apply: is_derive_shift; apply: is_derive_ext (hd _ hP v i) => s.
by rewrite -addrA -scalerDl.
Qed.

(** Coordinatewise derivative of a path. *)
Definition path_derive (G G' : R -> 'cV[R]_d) := forall t : R, 0 <= t <= 1 ->
  forall i, is_derive (fun s : R => G s i 0) t (G' t i 0).

Lemma path_derive_dot z G G' (t : R) : path_derive G G' -> 0 <= t <= 1 ->
  is_derive (fun s : R => dot z (G s)) t (dot z (G' t)).
Proof.
move=> hd ht; apply: is_derive_bigsum => i.
exact: (is_derive_scal (fun s : R => G s i 0) t (z i 0) _ (hd t ht i)).
Qed.

Theorem path_increment z G G' (K : R) : path_derive G G' ->
  (forall t : R, 0 <= t <= 1 -> dot z (G' t) <= K) -> dot z (G 1 - G 0) <= K.
Proof.
move=> hd hb; rewrite dotBr; apply/RleP.
apply: (@increment_le_slope (fun s => dot z (G s)) (fun s => dot z (G' s))) => t [/RleP t0 /RleP t1].
  by apply: path_derive_dot hd _; apply/andP; split.
by apply/RleP; apply: hb; apply/andP; split.
Qed.

Theorem path_increment_linear z G G' (K0 K1 : R) : path_derive G G' ->
  (forall t : R, 0 <= t <= 1 -> dot z (G' t) <= K0 + K1 * t) ->
  dot z (G 1 - G 0) <= K0 + K1 / 2%:R.
Proof.
move=> hd hb; pose p t := dot z (G t) - t * K0; pose p' t := dot z (G' t) - K0.
have h : 2%:R * (p 1 - p 0) <= K1.
  apply/RleP; apply: (@increment_le_half_slope p p') => t [/RleP t0 /RleP t1].
    apply: (@is_derive_minus _ _ (fun s => dot z (G s)) (fun s : R => s * K0)).
      by apply: path_derive_dot hd _; apply/andP; split.
    exact: is_derive_linear.
  by apply/RleP; rewrite /p' ler_subl_addl; apply: hb; apply/andP; split.
rewrite dotBr -ler_subl_addl ler_pdivl_mulr ?ltr0n // mulrC; apply: le_trans h.
rewrite /p mul1r mul0r subr0 le_eqVlt; apply/orP; left; apply/eqP.
by move: (dot _ _) (dot _ _) => a b; ring.
Qed.

(** The map x - A g(x) along a segment. *)
Lemma path_derive_newton P A g H x v : derivative_on P g H ->
  (forall t : R, 0 <= t <= 1 -> P (x + t *: v)) ->
  path_derive (fun t : R => x + t *: v - A *m g (x + t *: v))
    (fun t : R => (1%:M - A *m H (x + t *: v)) *m v).
Proof.
move=> hd hP t ht i; rewrite mulmxBl mul1mx -mulmxA !mxE.
apply: (is_derive_ext (fun s : R => (x i 0 + s * v i 0) - \sum_j A i j * g (x + s *: v) j 0)).
  by move=> s; rewrite !mxE.
apply: (@is_derive_minus _ _ (fun s : R => x i 0 + s * v i 0)
          (fun s : R => \sum_j A i j * g (x + s *: v) j 0)).
  have := is_derive_affine (x i 0) (v i 0) 1 t; rewrite RmultE mul1r.
  by apply: is_derive_ext => s; rewrite RmultE mul1r.
apply: is_derive_bigsum => j.
exact: (is_derive_scal (fun s : R => g (x + s *: v) j 0) t (A i j) _ (derivative_path j hd (hP t ht))).
Qed.

Lemma ball_segment w (r : R) x y (t : R) : ball (@norm _ d) w r x -> ball (@norm _ d) w r y ->
  0 <= t <= 1 -> ball (@norm _ d) w r (x + t *: (y - x)).
Proof.
rewrite /ball => hx hy /andP [t0 t1].
have -> : x + t *: (y - x) - w = (1 - t) *: (x - w) + t *: (y - w) by vring.
apply: le_trans (norm_triangle _ _) _.
rewrite !normZ (ger0_norm t0) ger0_norm ?subr_ge0 //.
have -> : r = (1 - t) * r + t * r by ring.
by apply: ler_add; apply: ler_wpmul2l; rewrite ?subr_ge0.
Qed.
End Segment.
