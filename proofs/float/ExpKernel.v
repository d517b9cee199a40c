(** * ExpKernel: the kernel of exp in src/numeric/elementary.rs, as coded on binary64: e^x = m 2^k with
    m to a relative error below 2^-80, for every float x with |x| <= 746.
    Range reduction with a three-part ln 2, a Taylor polynomial of degree 21 by Horner's rule, the upper
    half in floats and the lower half in unevaluated sums of two floats.

    Definitions
      reduced x                  the multiple k of ln 2 and the reduced argument, as coded
      exponential x              the twofold m and the float k, as coded
      horner r l t               Horner's rule over the reals

    Theorems
      reduced_correct            k is an integer, |k| <= 1077, and r is x - k ln 2 up to 2^-103
      taylor_close               the polynomial with exact coefficients is within 2^-101 of exp on the range
      tail_error, head_error     what rounding adds to the two halves of Horner's rule
      exponential_correct        |m - exp (x - k ln 2)| <= 2^-81, 0.7 < m < 1.42, exp x = exp (x - k ln 2) 2^k,
                                 m.hi is the float nearest to m, and nothing overflows *)
From Coq Require Import Reals ZArith Lra Lia List.
From Flocq Require Import Core BinarySingleNaN.
From Interval Require Import Tactic.
From Unlearn Require Import FloatDot FloatIeee Interval64 Twofold ExpConstants.
Import ListNotations.
Local Open Scope R_scope.

#[local] Existing Instance fmt_valid.

(** ** As coded *)
Definition reduced (x : f64) : f64 * twofold :=
  let k := Bnearbyint mode_NE (fmul x LOG2_E) in
  let high := tsum x (Bopp (fmul k LN_2a)) in
  let next := tsum (thi high) (Bopp (fmul k LN_2b)) in
  (k, tsum (thi next) (fadd (tlo next) (fsub (tlo high) (fmul k LN_2c)))).

Definition tail_of (r : f64) : f64 :=
  fold_right (fun c t => fadd (fmul t r) c) Bzero SMALL_INVERSE_FACTORIALS.

Definition exponential (x : f64) : twofold * f64 :=
  let (k, r) := reduced x in
  (fold_right (fun c m => tplus (ttimes m r) c) (tpoint (tail_of (thi r))) INVERSE_FACTORIALS, k).

Definition horner (r : R) (l : list R) (t : R) : R := fold_right (fun c t => t * r + c) t l.

(** ** The polynomial *)
Theorem taylor_close x : Rabs x <= 347 / 1000 ->
  Rabs (exp x - horner x exact_inverse_factorials (horner x exact_small_inverse_factorials 0)) <= / IZR (2 ^ 101).
Proof.
  intros H. unfold horner, exact_inverse_factorials, exact_small_inverse_factorials. cbn [fold_right].
  apply Rabs_le_inv in H.
  interval with (i_taylor x, i_degree 26, i_prec 150, i_bisect x).
Qed.

(** ** Range reduction *)
(** Powers of two as numerals, for [lra]. *)
Ltac pows := cbn [Z.pow Z.pow_pos Pos.iter Z.mul Pos.mul Pos.add] in *.

Lemma eta_small : eta <= / IZR (2 ^ 200).
Proof.
  replace (/ IZR (2 ^ 200)) with (bpow radix2 (-200)) by reflexivity. apply bpow_le. lia.
Qed.

Lemma product_exact k m e : (Z.abs k <= 1077)%Z -> (Z.abs m < 2 ^ 42)%Z -> (emin <= e)%Z ->
  F64 (IZR k * (IZR m * bpow radix2 e)).
Proof.
  intros Hk Hm He. apply generic_format_FLT.
  exists (Float radix2 (k * m) e); unfold F2R; cbn [Fnum Fexp].
  - rewrite mult_IZR. ring.
  - rewrite Z.abs_mul. change (radix2 ^ prec)%Z with (2 ^ 11 * 2 ^ 42)%Z. nia.
  - exact He.
Qed.

Lemma half_close y : Rabs (IZR (ZnearestE y) - y) <= / 2.
Proof. rewrite Rabs_minus_sym. apply Znearest_half. Qed.

(** The integer: within 1/2 and a little of x / ln 2. *)
Lemma nearest_multiple x : Rabs x <= 746 ->
  let K := ZnearestE (rnd (x * B2R LOG2_E)) in
  (Z.abs K <= 1077)%Z /\ Rabs (x - IZR K * ln 2) <= 3466 / 10000.
Proof.
  intros Hx K. set (L := B2R LOG2_E). set (y := rnd (x * L)).
  assert (HL : 14426 / 10000 <= L <= 14427 / 10000) by (unfold L, LOG2_E; literals; lra).
  assert (Hl : Rabs (1 - L * ln 2) <= / 10000000000000000)
    by (unfold L, LOG2_E; literals; interval with (i_prec 100)).
  assert (Hn : 6931 / 10000 <= ln 2 <= 69315 / 100000) by (split; interval).
  assert (Ey := rnd_err (x * L)). fold y in Ey. assert (e0 := eta_small). rewrite u_val in Ey.
  assert (Ek := half_close y). change (Rabs (IZR K - y) <= / 2) in Ek.
  assert (Bx : Rabs (x * L) <= 10763 / 10).
  { rewrite Rabs_mult, (Rabs_pos_eq L) by lra. apply Rle_trans with (746 * (14427 / 10000)); [apply Rmult_le_compat; try apply Rabs_pos; lra | lra]. }
  assert (D : Rabs (IZR K - x * L) <= / 2 + 2 / 10000000000000).
  { replace (IZR K - x * L) with ((IZR K - y) + (y - x * L)) by ring.
    apply (Rle_trans _ _ _ (Rabs_triang _ _)).
    pows. lra. }
  split.
  - apply le_IZR. rewrite abs_IZR.
    generalize (Rabs_triang (IZR K - x * L) (x * L)). replace (IZR K - x * L + x * L) with (IZR K) by ring. lra.
  - replace (x - IZR K * ln 2) with (x * (1 - L * ln 2) + - ((IZR K - x * L) * ln 2)) by ring.
    apply (Rle_trans _ _ _ (Rabs_triang _ _)). rewrite Rabs_Ropp, !Rabs_mult, (Rabs_pos_eq (ln 2)) by lra.
    assert (P := Rabs_pos x). assert (P1 := Rabs_pos (1 - L * ln 2)). assert (P2 := Rabs_pos (IZR K - x * L)).
    assert (Rabs x * Rabs (1 - L * ln 2) <= 746 * / 10000000000000000) by now apply Rmult_le_compat.
    assert (Rabs (IZR K - x * L) * ln 2 <= (/ 2 + 2 / 10000000000000) * (69315 / 100000)) by (apply Rmult_le_compat; lra).
    lra.
Qed.

Lemma nearbyint_fin x v : fin x v -> fin (Bnearbyint mode_NE x) (IZR (ZnearestE v)).
Proof.
  intros [F <-]. destruct (Bnearbyint_correct prec emax _ mode_NE x) as [E [G _]].
  split; [now rewrite G|]. rewrite E. apply round_FIX_IZR.
Qed.

Lemma small_big r : Rabs r <= IZR (2 ^ 100) -> Rabs r <= big.
Proof.
  intros H. apply (Rle_trans _ _ _ H). change (IZR (2 ^ 100)) with (bpow radix2 100). now apply bpow_le.
Qed.

Lemma small_900 r e : (100 <= e)%Z -> Rabs r <= IZR (2 ^ 100) -> Rabs r <= bpow radix2 e.
Proof.
  intros He H. apply (Rle_trans _ _ _ H). change (IZR (2 ^ 100)) with (bpow radix2 100). now apply bpow_le.
Qed.

Lemma tsum_parts a b x y : fin a x -> fin b y -> Rabs x <= bpow radix2 990 -> Rabs y <= bpow radix2 990 ->
  let s := rnd (x + y) in
  fin (thi (tsum a b)) s /\ fin (tlo (tsum a b)) (x + y - s) /\
  Rabs (x + y - s) <= u * Rabs s /\ Rabs (x + y - s) <= u * Rabs (x + y).
Proof.
  intros Ha Hb Hx Hy. generalize (two_sum_fin a b x y Ha Hb Hx Hy). unfold tsum.
  destruct (two_sum a b). exact (fun H => H).
Qed.

Theorem reduced_correct x v : fin x v -> Rabs v <= 746 ->
  let (k, r) := reduced x in
  exists K h z, fin k (IZR K) /\ (Z.abs K <= 1077)%Z /\ tval r z /\ fin (thi r) h /\
    Rabs (v - IZR K * ln 2) <= 3466 / 10000 /\
    Rabs (z - (v - IZR K * ln 2)) <= / IZR (2 ^ 103) /\ Rabs (h - z) <= / IZR (2 ^ 53).
Proof.
  intros Hx Bv. unfold reduced.
  destruct (nearest_multiple v Bv) as [BK Bd]. set (K := ZnearestE (rnd (v * B2R LOG2_E))) in *.
  assert (FL : fin LOG2_E (B2R LOG2_E)) by (split; reflexivity).
  assert (HL : 14426 / 10000 <= B2R LOG2_E <= 14427 / 10000) by (unfold LOG2_E; literals; lra).
  assert (Fk : fin (Bnearbyint mode_NE (fmul x LOG2_E)) (IZR K)).
  { apply nearbyint_fin, fmul_fin; auto. apply small_big.
    rewrite Rabs_mult, (Rabs_pos_eq (B2R LOG2_E)) by lra.
    assert (P := Rabs_pos v). apply Rle_trans with (746 * 2); [apply Rmult_le_compat; lra | pows; lra]. }
  set (k := Bnearbyint mode_NE (fmul x LOG2_E)) in *. clearbody k.
  assert (BKr : Rabs (IZR K) <= 1077) by (rewrite <- abs_IZR; now apply IZR_le).
  clearbody K.
  set (A := B2R LN_2a). set (B := B2R LN_2b). set (C := B2R LN_2c).
  assert (S := ln2_split). fold A B C in S.
  assert (Hl : 6931 / 10000 <= ln 2 <= 6932 / 10000) by (split; interval).
  assert (BA : Rabs (A - ln 2) <= / IZR (2 ^ 43)) by (unfold A, LN_2a, LN_2; literals; interval with (i_prec 100)).
  assert (BB : 0 <= B <= / IZR (2 ^ 44)) by (unfold B, LN_2b, LN_2; literals; split; interval).
  assert (BC : 0 <= C <= / IZR (2 ^ 86)) by (unfold C, LN_2c, LN_2; literals; split; interval).
  assert (b100 : 1000000 <= IZR (2 ^ 100)) by (apply IZR_le; lia).
  assert (FA : fin (fmul k LN_2a) (IZR K * A)).
  { rewrite <- (rnd_id (IZR K * A)).
    - apply fmul_fin; [exact Fk | split; reflexivity|]. apply small_big. rewrite Rabs_mult.
      apply Rabs_le_inv in BA. rewrite (Rabs_pos_eq A) by lra.
      apply Rle_trans with (1077 * 1); [|lra]. apply Rmult_le_compat; try apply Rabs_pos; lra.
    - replace A with (IZR 3048493539143 * bpow radix2 (-42)) by (unfold A, LN_2a, LN_2; literals; lra).
      apply product_exact; [exact BK | easy | easy]. }
  assert (FB : fin (fmul k LN_2b) (IZR K * B)).
  { rewrite <- (rnd_id (IZR K * B)).
    - apply fmul_fin; [exact Fk | split; reflexivity|]. apply small_big. rewrite Rabs_mult.
      rewrite (Rabs_pos_eq B) by lra.
      apply Rle_trans with (1077 * 1); [|lra]. apply Rmult_le_compat; try apply Rabs_pos; lra.
    - replace B with (IZR 1063452974651 * bpow radix2 (-84)) by (unfold B, LN_2b, LN_2; literals; lra).
      apply product_exact; [exact BK | easy | easy]. }
  assert (BKA : Rabs (v - IZR K * A) <= 3467 / 10000).
  { replace (v - IZR K * A) with ((v - IZR K * ln 2) + - (IZR K * (A - ln 2))) by ring.
    apply (Rle_trans _ _ _ (Rabs_triang _ _)). rewrite Rabs_Ropp, Rabs_mult.
    assert (Rabs (IZR K) * Rabs (A - ln 2) <= 1077 * / IZR (2 ^ 43)) by (apply Rmult_le_compat; auto; apply Rabs_pos).
    pows. lra. }
  assert (BKB : Rabs (IZR K * B) <= / 10000000000).
  { rewrite Rabs_mult, (Rabs_pos_eq B) by lra.
    assert (Rabs (IZR K) * B <= 1077 * / IZR (2 ^ 44)) by (apply Rmult_le_compat; try apply Rabs_pos; lra).
    pows. lra. }
  assert (BKC : Rabs (IZR K * C) <= / IZR (2 ^ 75)).
  { rewrite Rabs_mult, (Rabs_pos_eq C) by lra.
    assert (Rabs (IZR K) * C <= 1077 * / IZR (2 ^ 86)) by (apply Rmult_le_compat; try apply Rabs_pos; lra).
    pows. lra. }
  assert (BKS : Rabs (IZR K * (ln 2 - (A + B + C))) <= / IZR (2 ^ 129)).
  { rewrite Rabs_mult.
    assert (Rabs (IZR K) * Rabs (ln 2 - (A + B + C)) <= 1077 * / IZR (2 ^ 140)) by (apply Rmult_le_compat; auto; apply Rabs_pos).
    pows. lra. }
  set (KA := IZR K * A) in *. set (KB := IZR K * B) in *. set (KC := IZR K * C) in *.
  assert (BKA' : Rabs KA <= 747).
  { replace KA with (v + - (v - KA)) by ring. apply (Rle_trans _ _ _ (Rabs_triang _ _)). rewrite Rabs_Ropp. lra. }
  (* the first difference: exact *)
  assert (M1 : forall r, Rabs r <= 1000000 -> Rabs r <= bpow radix2 990) by (intros; apply small_900; [easy | lra]).
  destruct (tsum_parts x (Bopp (fmul k LN_2a)) v (- KA) Hx (fopp_fin _ _ FA)) as [S1 [E1 [L1 L1']]];
    [apply M1; lra | rewrite Rabs_Ropp; apply M1; lra|].
  set (high := tsum x (Bopp (fmul k LN_2a))) in *. clearbody high. destruct high as [s1 e1]. cbn [thi tlo] in *.
  set (s1r := rnd (v + - KA)) in *. set (e1r := v + - KA - s1r) in *.
  rewrite u_val in L1, L1'. change (v + - KA) with (v - KA) in L1'.
  assert (Bs1 : Rabs s1r <= 3468 / 10000).
  { replace s1r with ((v - KA) + - e1r) by (unfold e1r; ring).
    apply (Rle_trans _ _ _ (Rabs_triang _ _)). rewrite Rabs_Ropp. lra. }
  (* the second: exact *)
  destruct (tsum_parts s1 (Bopp (fmul k LN_2b)) s1r (- KB) S1 (fopp_fin _ _ FB)) as [S2 [E2 [L2 L2']]];
    [apply M1; lra | rewrite Rabs_Ropp; apply M1; lra|].
  set (next := tsum s1 (Bopp (fmul k LN_2b))) in *. clearbody next. destruct next as [s2 e2]. cbn [thi tlo] in *.
  set (s2r := rnd (s1r + - KB)) in *. set (e2r := s1r + - KB - s2r) in *.
  rewrite u_val in L2, L2'.
  assert (T2 := Rabs_triang s1r (- KB)). rewrite Rabs_Ropp in T2.
  assert (Bs2 : Rabs s2r <= 3469 / 10000).
  { replace s2r with ((s1r + - KB) + - e2r) by (unfold e2r; ring).
    apply (Rle_trans _ _ _ (Rabs_triang _ _)). rewrite Rabs_Ropp. lra. }
  (* the low parts: three roundings *)
  assert (FC : fin (fmul k LN_2c) (rnd KC)).
  { apply fmul_fin; [exact Fk | split; reflexivity|]. fold C KC. apply small_big. pows. lra. }
  assert (EC := rnd_err KC). rewrite u_val in EC. assert (e0 := eta_small).
  set (c := rnd KC) in *.
  assert (Bc : Rabs c <= Rabs (c - KC) + Rabs KC).
  { generalize (Rabs_triang (c - KC) KC). replace (c - KC + KC) with c by ring. lra. }
  assert (Tg := Rabs_triang e1r (- c)). rewrite Rabs_Ropp in Tg.
  assert (Fg : fin (fsub e1 (fmul k LN_2c)) (rnd (e1r + - c))).
  { apply fsub_fin; [exact E1 | exact FC|]. change (e1r - c) with (e1r + - c). apply small_big. pows. lra. }
  assert (Eg := rnd_plus_err e1r (- c) (fin_F64 _ _ E1) (fin_F64 _ _ (fopp_fin _ _ FC))). rewrite u_val in Eg.
  set (g := rnd (e1r + - c)) in *.
  assert (Bg : Rabs g <= Rabs (g - (e1r + - c)) + Rabs (e1r + - c)).
  { generalize (Rabs_triang (g - (e1r + - c)) (e1r + - c)). replace (g - (e1r + - c) + (e1r + - c)) with g by ring. lra. }
  assert (Th := Rabs_triang e2r g).
  assert (Fh : fin (fadd e2 (fsub e1 (fmul k LN_2c))) (rnd (e2r + g))).
  { apply fadd_fin; [exact E2 | exact Fg|]. apply small_big. pows. lra. }
  assert (Eh := rnd_plus_err e2r g (fin_F64 _ _ E2) (fin_F64 _ _ Fg)). rewrite u_val in Eh.
  set (w := rnd (e2r + g)) in *.
  assert (Bw : Rabs w <= Rabs (w - (e2r + g)) + Rabs (e2r + g)).
  { generalize (Rabs_triang (w - (e2r + g)) (e2r + g)). replace (w - (e2r + g) + (e2r + g)) with w by ring. lra. }
  destruct (tsum_val s2 (fadd e2 (fsub e1 (fmul k LN_2c))) s2r w S2 Fh) as [V W];
    [apply M1; lra | apply M1; pows; lra|].
  exists K, (rnd (s2r + w)), (s2r + w). split; [exact Fk|]. split; [exact BK|]. split; [exact V|]. split; [exact W|].
  split; [exact Bd|]. split.
  - replace (s2r + w - (v - IZR K * ln 2)) with
      ((w - (e2r + g)) + ((g - (e1r + - c)) + (- (c - KC) + IZR K * (ln 2 - (A + B + C)))))
      by (unfold e2r, e1r, KA, KB, KC; ring).
    apply (Rle_trans _ _ _ (Rabs_triang _ _)).
    assert (Z1 := Rabs_triang (g - (e1r + - c)) (- (c - KC) + IZR K * (ln 2 - (A + B + C)))).
    assert (Z2 := Rabs_triang (- (c - KC)) (IZR K * (ln 2 - (A + B + C)))). rewrite Rabs_Ropp in Z2.
    pows. lra.
  - assert (Eq := rnd_plus_err s2r w (fin_F64 _ _ S2) (fin_F64 _ _ Fh)). rewrite u_val in Eq.
    assert (Tq := Rabs_triang s2r w). pows. lra.
Qed.

(** ** Horner's rule, lower half: floats *)
Lemma tail_error cs xs r h :
  Forall2 small_coefficient cs xs -> fin r h -> forall z, Rabs (h - z) <= / IZR (2 ^ 53) -> Rabs h <= 347 / 1000 ->
  exists t, fin (fold_right (fun c t => fadd (fmul t r) c) Bzero cs) t /\
    Rabs t <= 6 / 1000000 /\ Rabs (t - horner z xs 0) <= / IZR (2 ^ 68).
Proof.
  intros H Hr z Hz Hh. assert (e0 := eta_small).
  induction H as [|c cx cs xs [Fc [Ec Cx]] _ [t [Ft [Bt Et]]]]; cbn [fold_right horner].
  { exists 0. split; [split; reflexivity|]. rewrite Rminus_0_r, Rabs_R0. split; [lra | pows; lra]. }
  set (T := horner z xs 0) in *. change (fold_right (fun c0 t0 => t0 * z + c0) 0 xs) with T.
  set (tf := fold_right _ Bzero cs) in *.
  assert (P0 := Rabs_pos t). assert (Ph := Rabs_pos h).
  assert (Bp : Rabs (t * h) <= 6 / 1000000 * (347 / 1000)).
  { rewrite Rabs_mult. now apply Rmult_le_compat. }
  assert (Fp : fin (fmul tf r) (rnd (t * h))) by (apply fmul_fin; auto; apply small_big; pows; lra).
  assert (Ep := rnd_err (t * h)). rewrite u_val in Ep. set (p := rnd (t * h)) in *.
  assert (Bq : Rabs p <= Rabs (p - t * h) + Rabs (t * h)).
  { generalize (Rabs_triang (p - t * h) (t * h)). replace (p - t * h + t * h) with p by ring. lra. }
  set (cv := B2R c) in *. assert (Fcv : fin c cv) by (split; [exact Fc | reflexivity]).
  assert (Bc : Rabs cv <= 276 / 100000000).
  { replace cv with ((cv - cx) + cx) by ring. apply (Rle_trans _ _ _ (Rabs_triang _ _)).
    rewrite (Rabs_pos_eq cx) by lra. pows. lra. }
  assert (Ts := Rabs_triang p cv).
  assert (Fs : fin (fadd (fmul tf r) c) (rnd (p + cv))) by (apply fadd_fin; auto; apply small_big; pows; lra).
  assert (Es := rnd_plus_err p cv (fin_F64 _ _ Fp) (fin_F64 _ _ Fcv)). rewrite u_val in Es.
  set (s := rnd (p + cv)) in *.
  assert (Bs : Rabs s <= Rabs (s - (p + cv)) + Rabs (p + cv)).
  { generalize (Rabs_triang (s - (p + cv)) (p + cv)). replace (s - (p + cv) + (p + cv)) with s by ring. lra. }
  exists s. split; [exact Fs|]. split; [pows; lra|].
  replace (s - (T * z + cx)) with
    ((s - (p + cv)) + ((p - t * h) + ((t * (h - z)) + ((t - T) * z + (cv - cx))))) by ring.
  assert (Bz : Rabs z <= 348 / 1000).
  { replace z with (h + - (h - z)) by ring. apply (Rle_trans _ _ _ (Rabs_triang _ _)). rewrite Rabs_Ropp. pows. lra. }
  assert (X1 : Rabs (t * (h - z)) <= 6 / 1000000 * / IZR (2 ^ 53)).
  { rewrite Rabs_mult. apply Rmult_le_compat; auto; apply Rabs_pos. }
  assert (X2 : Rabs ((t - T) * z) <= / IZR (2 ^ 68) * (348 / 1000)).
  { rewrite Rabs_mult. apply Rmult_le_compat; auto; apply Rabs_pos. }
  apply (Rle_trans _ _ _ (Rabs_triang _ _)).
  assert (Y1 := Rabs_triang (p - t * h) ((t * (h - z)) + ((t - T) * z + (cv - cx)))).
  assert (Y2 := Rabs_triang (t * (h - z)) ((t - T) * z + (cv - cx))).
  assert (Y3 := Rabs_triang ((t - T) * z) (cv - cx)).
  pows. lra.
Qed.

(** ** Upper half: unevaluated sums *)
Lemma tiny_small : tiny <= / IZR (2 ^ 200).
Proof.
  replace (/ IZR (2 ^ 200)) with (bpow radix2 (-200)) by reflexivity. apply bpow_le. lia.
Qed.

Lemma head_error cs xs r z tail t0 T0 :
  Forall2 coefficient cs xs -> tval r z -> Rabs z <= 347 / 1000 ->
  tval tail t0 -> Rabs t0 <= 16 / 10 -> Rabs T0 <= 16 / 10 ->
  let m := fold_right (fun c m => tplus (ttimes m r) c) tail cs in
  exists v, tval m v /\ (cs <> [] -> fin (thi m) (rnd v)) /\
    Rabs v <= 16 / 10 /\
    Rabs (v - horner z xs T0) <= (347 / 1000) ^ length cs * Rabs (t0 - T0) + 20 * (u * u).
Proof.
  intros H Hr Hz Ht B0 B1. cbv zeta. assert (e0 := tiny_small).
  induction H as [|c cx cs xs [Vc [Ec Cx]] _ [v [Vv [_ [Bv Ev]]]]]; cbn [fold_right horner length pow].
  { exists t0. split; [exact Ht|]. split; [easy|]. split; [exact B0|]. rewrite u_val. lra. }
  set (V := horner z xs T0) in *. change (fold_right (fun c0 t1 => t1 * z + c0) T0 xs) with V.
  set (mf := fold_right _ tail cs) in *.
  assert (Pv := Rabs_pos v). assert (Pz := Rabs_pos z).
  assert (Bp : Rabs (v * z) <= 16 / 10 * (347 / 1000)).
  { rewrite Rabs_mult. now apply Rmult_le_compat. }
  destruct (ttimes_error mf r v z Vv Hr) as [p [Vp [_ Ep]]];
    [apply small_900; [easy | pows; lra] | apply small_900; [easy | pows; lra] |].
  set (cv := B2R (thi c) + B2R (tlo c)) in *. rewrite u_val in *.
  assert (Bq : Rabs p <= Rabs (p - v * z) + Rabs (v * z)).
  { generalize (Rabs_triang (p - v * z) (v * z)). replace (p - v * z + v * z) with p by ring. lra. }
  assert (Bc : Rabs cv <= 1 + / 1000000).
  { replace cv with ((cv - cx) + cx) by ring. apply (Rle_trans _ _ _ (Rabs_triang _ _)).
    rewrite (Rabs_pos_eq cx) by lra. pows. lra. }
  destruct (tplus_error (ttimes mf r) c p cv Vp Vc) as [s [Vs [Fs Es]]];
    [apply small_900; [easy | pows; lra] | apply small_900; [easy | pows; lra] |].
  rewrite u_val in Es.
  exists s. split; [exact Vs|]. split; [intros _; exact Fs|].
  assert (Tp := Rabs_triang p cv).
  split.
  - replace s with ((s - (p + cv)) + (p + cv)) by ring. apply (Rle_trans _ _ _ (Rabs_triang _ _)). pows. lra.
  - replace (s - (V * z + cx)) with ((s - (p + cv)) + ((p - v * z) + ((v - V) * z + (cv - cx)))) by ring.
    assert (X : Rabs ((v - V) * z) <= (347 / 1000) * Rabs (v - V)).
    { rewrite Rabs_mult, Rmult_comm. apply Rmult_le_compat_r; [apply Rabs_pos | exact Hz]. }
    apply (Rle_trans _ _ _ (Rabs_triang _ _)).
    assert (Y1 := Rabs_triang (p - v * z) ((v - V) * z + (cv - cx))).
    assert (Y2 := Rabs_triang ((v - V) * z) (cv - cx)).
    set (q := (347 / 1000) ^ length cs) in *. set (d := Rabs (t0 - T0)) in *.
    replace (347 / 1000 * q * d) with (347 / 1000 * (q * d)) by ring.
    set (qd := q * d) in *. pows. lra.
Qed.

(** ** Together *)
Lemma horner_tail_bound z : Rabs z <= 347 / 1000 -> Rabs (horner z exact_small_inverse_factorials 0) <= 6 / 1000000.
Proof.
  intros H. unfold horner, exact_small_inverse_factorials. cbn [fold_right]. apply Rabs_le_inv in H.
  interval with (i_bisect z).
Qed.

Lemma exp_near a b : Rabs (a - b) <= / IZR (2 ^ 103) -> Rabs b <= 3466 / 10000 -> Rabs (exp a - exp b) <= / IZR (2 ^ 101).
Proof.
  intros H Hb. replace a with (b + (a - b)) by ring. rewrite exp_plus.
  set (d := a - b) in *.
  assert (B : 0 < exp b <= 15 / 10) by (split; [apply exp_pos | apply Rabs_le_inv in Hb; interval]).
  assert (D : Rabs (exp d - 1) <= 2 * / IZR (2 ^ 103)).
  { apply Rabs_le_inv in H.
    assert (E : exp d - 1 <= 2 * / IZR (2 ^ 103) /\ - (2 * / IZR (2 ^ 103)) <= exp d - 1).
    { split; pows; interval with (i_prec 250). }
    apply Rabs_le. lra. }
  replace (exp b * exp d - exp b) with (exp b * (exp d - 1)) by ring.
  rewrite Rabs_mult, (Rabs_pos_eq (exp b)) by lra.
  apply Rle_trans with (15 / 10 * (2 * / IZR (2 ^ 103))); [apply Rmult_le_compat; try lra; apply Rabs_pos | pows; lra].
Qed.

Theorem exponential_correct x v : fin x v -> Rabs v <= 746 ->
  let (m, k) := exponential x in
  exists K M, fin k (IZR K) /\ (Z.abs K <= 1077)%Z /\ tval m M /\ fin (thi m) (rnd M) /\
    exp v = exp (v - IZR K * ln 2) * bpow radix2 K /\
    7 / 10 < exp (v - IZR K * ln 2) < 1415 / 1000 /\
    Rabs (M - exp (v - IZR K * ln 2)) <= / IZR (2 ^ 81).
Proof.
  intros Hx Bv. unfold exponential. assert (R0 := reduced_correct x v Hx Bv).
  destruct (reduced x) as [k r]. destruct R0 as [K [h [z [Fk [BK [Vz [Fh [Bd [Ez Eh]]]]]]]]].
  set (w := v - IZR K * ln 2) in *.
  assert (Bz : Rabs z <= 34665 / 100000).
  { replace z with ((z - w) + w) by ring. apply (Rle_trans _ _ _ (Rabs_triang _ _)). pows. lra. }
  assert (Bh : Rabs h <= 347 / 1000).
  { replace h with ((h - z) + z) by ring. apply (Rle_trans _ _ _ (Rabs_triang _ _)). pows. lra. }
  destruct (tail_error _ _ (thi r) h small_inverse_factorials_close Fh z Eh Bh) as [t [Ft [Bt Et]]].
  fold (tail_of (thi r)) in Ft.
  set (T := horner z exact_small_inverse_factorials 0) in *.
  assert (BT : Rabs T <= 6 / 1000000) by (apply horner_tail_bound; lra).
  destruct (head_error _ _ r z (tpoint (tail_of (thi r))) t T inverse_factorials_close Vz ltac:(lra)
             (tpoint_val _ _ Ft) ltac:(lra) ltac:(lra)) as [M [VM [FM [_ EM]]]].
  specialize (FM ltac:(discriminate)).
  exists K, M. split; [exact Fk|]. split; [exact BK|]. split; [exact VM|]. split; [exact FM|].
  split.
  { rewrite bpow_exp. change (IZR radix2) with 2. rewrite <- exp_plus. f_equal. unfold w. ring. }
  assert (BE : forall y, Rabs y <= 3466 / 10000 -> 7 / 10 < exp y < 1415 / 1000).
  { intros y Hy. apply Rabs_le_inv in Hy. split; interval. }
  split; [apply BE; exact Bd|].
  fold w. replace (M - exp w) with ((M - horner z exact_inverse_factorials T) +
    ((horner z exact_inverse_factorials T - exp z) + (exp z - exp w))) by ring.
  assert (EP := taylor_close z ltac:(lra)). fold T in EP. rewrite Rabs_minus_sym in EP.
  assert (EE := exp_near z w Ez Bd).
  apply (Rle_trans _ _ _ (Rabs_triang _ _)).
  assert (Y := Rabs_triang (horner z exact_inverse_factorials T - exp z) (exp z - exp w)).
  change (length INVERSE_FACTORIALS) with 9%nat in EM.
  assert (Q : (347 / 1000) ^ 9 * Rabs (t - T) <= / 13000 * / IZR (2 ^ 68)).
  { apply Rmult_le_compat; try apply Rabs_pos; [apply pow_le; lra | cbn [pow]; lra | exact Et]. }
  rewrite u_val in EM. set (q := (347 / 1000) ^ 9 * Rabs (t - T)) in *. clearbody q. pows. lra.
Qed.
