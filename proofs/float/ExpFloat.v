(** * ExpFloat: the interval exp and sigmoid of src/numeric/elementary.rs, as coded, enclose, for
    every pair of ends: the kernel, the scaling by 2^k, subnormal results, overflow, infinite ends.

    Definitions
      power_of_two e             2^e, the float with exponent field e + 1023 and no fraction
      exp_at, iexp               as coded
      sigmoid_at, isigmoid       as coded

    Theorems
      outwards_sound             one float outwards encloses a number known to 2^-81
      exp_at_sound, iexp_sound   x in X puts exp x in exp(X)
      isigmoid_sound             x in X puts 1/(1 + exp (-x)) in sigmoid(X) *)
From Coq Require Import Reals ZArith Lra Lia List Bool.
From Flocq Require Import Core Mult_error BinarySingleNaN.
From Interval Require Import Tactic.
From Unlearn Require Import FloatDot FloatIeee Interval64 Twofold ExpConstants ExpKernel Logistic.
Local Open Scope R_scope.

#[local] Existing Instance fmt_valid.
#[local] Instance fmt_monotone : Monotone_exp fmt := FLT_exp_monotone emin prec.

Definition power_of_two (e : Z) : f64 := Bldexp mode_NE Bone e.
Definition smallest : f64 := posf 1 (-1074).
Notation Bmax := (@Bmax_float prec emax _ _).

Definition exp_at (x : f64) : itv :=
  if Bltb EXP_OVERFLOWS x then Itv Bmax Binf
  else if Bltb x EXP_UNDERFLOWS then Itv Bzero smallest
  else
    let (m, k) := exponential x in
    let k := Btrunc k in
    let l := next_down (thi m) in
    let h := next_up (thi m) in
    if (-1021 <=? k)%Z then
      let a := power_of_two (Z.quot k 2) in
      let b := power_of_two (k - Z.quot k 2) in
      Itv (fmin (fmul (fmul l a) b) Bmax) (fmul (fmul h a) b)
    else
      let a := power_of_two (k + 100) in
      let b := power_of_two (-100) in
      Itv (fmax (next_down (fmul (fmul l a) b)) Bzero) (next_up (fmul (fmul h a) b)).

Definition iexp (X : itv) : itv := Itv (lo (exp_at (lo X))) (hi (exp_at (hi X))).

Definition ione : itv := Itv Bone Bone.
Definition sigmoid_at (z : f64) : itv :=
  if Bltb z SATURATES then
    let e := exp_at z in Itv (fmax (next_down (lo e)) Bzero) (hi e)
  else imin (idiv ione (iadd ione (exp_at (Bopp z)))) ione.

Definition isigmoid (Z : itv) : itv := Itv (lo (sigmoid_at (lo Z))) (hi (sigmoid_at (hi Z))).

(** ** One float outwards *)
Lemma F64_bpow e : (-1074 <= e)%Z -> F64 (bpow radix2 e).
Proof. intros H. apply generic_format_bpow. unfold fmt, FLT_exp, emin, prec. lia. Qed.

Lemma ulp_half h : / 2 <= h -> bpow radix2 (-53) <= ulp radix2 fmt h.
Proof.
  intros H. replace (bpow radix2 (-53)) with (ulp radix2 fmt (bpow radix2 (-1))).
  - apply ulp_le_pos; [exact fmt_valid | exact fmt_monotone | apply bpow_ge_0 | exact H].
  - rewrite ulp_bpow. reflexivity.
Qed.

Lemma outwards_real M E : 7 / 10 < E < 1415 / 1000 -> Rabs (M - E) <= / IZR (2 ^ 81) ->
  let h := rnd M in
  pred radix2 fmt h <= E <= succ radix2 fmt h /\ / 2 <= pred radix2 fmt h /\ succ radix2 fmt h <= 2.
Proof.
  intros HE HM h. apply Rabs_le_inv in HM.
  assert (Fh : F64 h) by apply rnd_F64.
  assert (G53 : bpow radix2 (-53) = / 9007199254740992) by reflexivity.
  assert (F1 : F64 (/ 2)) by exact (F64_bpow (-1) ltac:(lia)).
  assert (F2 : F64 2) by exact (F64_bpow 1 ltac:(lia)).
  assert (D : Rabs (h - M) <= / 1000000).
  { assert (R := rnd_err M). fold h in R. rewrite u_val in R. assert (e0 := eta_small).
    assert (Rabs M <= 2) by (apply Rabs_le; pows; lra). pows. lra. }
  apply Rabs_le_inv in D.
  assert (h1 : / 2 < h) by (pows; lra). assert (h2 : h < 2) by (pows; lra).
  assert (p1 : / 2 <= pred radix2 fmt h) by (apply pred_ge_gt; auto; exact fmt_valid).
  assert (s2 : succ radix2 fmt h <= 2) by (apply succ_le_lt; auto; exact fmt_valid).
  assert (Us : succ radix2 fmt h = h + ulp radix2 fmt h) by (apply succ_eq_pos; lra).
  assert (Up : pred radix2 fmt h + ulp radix2 fmt (pred radix2 fmt h) = h)
    by (apply pred_plus_ulp; [exact fmt_valid | lra | exact Fh]).
  assert (B1 := ulp_half h ltac:(lra)). assert (B2 := ulp_half _ p1). rewrite G53 in B1, B2.
  split; [|now split]. split.
  - destruct (Rle_or_lt (pred radix2 fmt h) E) as [H|H]; [exact H|exfalso].
    set (g := pred radix2 fmt h) in *.
    assert (Sg : succ radix2 fmt g = h) by (apply succ_pred; [exact fmt_valid | exact Fh]).
    destruct (Rlt_or_le M ((g + h) / 2)) as [L|L]; [|pows; lra].
    assert (h <= g); [|lra]. unfold h at 1. unfold rnd.
    apply round_N_le_midp; [exact fmt_valid | apply generic_format_pred; [exact fmt_valid | exact Fh] |].
    rewrite Sg. exact L.
  - destruct (Rle_or_lt E (succ radix2 fmt h)) as [H|H]; [exact H|exfalso].
    set (g := succ radix2 fmt h) in *.
    assert (Sg : pred radix2 fmt g = h) by (apply pred_succ; [exact fmt_valid | exact Fh]).
    destruct (Rlt_or_le ((g + h) / 2) M) as [L|L]; [|pows; lra].
    assert (g <= h); [|lra]. unfold h at 1. unfold rnd.
    apply round_N_ge_midp; [exact fmt_valid | apply generic_format_succ; [exact fmt_valid | exact Fh] |].
    rewrite Sg. exact L.
Qed.

Theorem outwards_sound x M E : fin x (rnd M) -> 7 / 10 < E < 1415 / 1000 -> Rabs (M - E) <= / IZR (2 ^ 81) ->
  exists l h, fin (next_down x) l /\ fin (next_up x) h /\ l <= E <= h /\ / 2 <= l /\ h <= 2.
Proof.
  intros [Fx Ex] HE HM. destruct (outwards_real M E HE HM) as [B [p1 s2]]. cbv zeta in *.
  exists (pred radix2 fmt (rnd M)), (succ radix2 fmt (rnd M)).
  assert (G := bpow_le radix2 2 emax ltac:(easy)). change (bpow radix2 2) with 4 in G.
  split; [|split; [|now split]].
  - generalize (Bpred_correct prec emax _ _ x Fx). rewrite fexpE, Ex. rewrite Rlt_bool_true by lra.
    intros [R [F _]]. now split.
  - generalize (@Bsucc_correct prec emax _ _ x Fx). rewrite fexpE, Ex. rewrite Rlt_bool_true by lra.
    intros [R [F _]]. now split.
Qed.

(** ** Powers of two *)
Lemma power_of_two_fin e : (-1022 <= e <= 1023)%Z -> fin (power_of_two e) (bpow radix2 e).
Proof.
  intros He. generalize (Bldexp_correct prec emax _ _ mode_NE Bone e).
  rewrite Bone_correct, Rmult_1_l.
  change (round radix2 (SpecFloat.fexp prec emax) (round_mode mode_NE) (bpow radix2 e)) with (rnd (bpow radix2 e)).
  rewrite rnd_id by (apply F64_bpow; lia).
  rewrite Rlt_bool_true.
  - intros [R [F _]]. split; [|exact R]. unfold power_of_two. rewrite F. apply is_finite_Bone.
  - rewrite Rabs_pos_eq by apply bpow_ge_0. apply bpow_lt. unfold emax. lia.
Qed.

Lemma scaled_F64 x e : F64 x -> / 2 <= x -> (-1021 <= e)%Z -> F64 (x * bpow radix2 e).
Proof.
  intros Fx Hx He. apply mult_bpow_exact_FLT; [exact Fx|].
  assert (0 <= mag radix2 x)%Z; [|unfold emin, prec; lia].
  apply mag_ge_bpow. rewrite Rabs_pos_eq by lra. exact Hx.
Qed.

Lemma scaled_fin x v e : fin x v -> / 2 <= v <= 2 -> (-1021 <= e <= 1022)%Z ->
  fin (fmul x (power_of_two e)) (v * bpow radix2 e).
Proof.
  intros Hx Hv He. destruct (power_of_two_fin e ltac:(lia)) as [Fp Ep].
  assert (FF := scaled_F64 v e (fin_F64 _ _ Hx) ltac:(lra) ltac:(lia)).
  destruct Hx as [Fx Ex]. assert (R := fmul_rounds x (power_of_two e) Fx Fp).
  rewrite Ex, Ep in R. unfold rounds in R. rewrite rnd_id in R by exact FF.
  rewrite Rlt_bool_true in R; [split; apply R|].
  assert (P := bpow_gt_0 radix2 e). rewrite Rabs_pos_eq by nra.
  apply Rle_lt_trans with (2 * bpow radix2 e); [apply Rmult_le_compat_r; lra|].
  change 2 with (bpow radix2 1). rewrite <- bpow_plus. apply bpow_lt. unfold emax. lia.
Qed.

Lemma quot_half k : (Z.abs k <= 1077)%Z -> (-600 <= Z.quot k 2 <= 600 /\ -600 <= k - Z.quot k 2 <= 600)%Z.
Proof. intros H. generalize (Z.quot_rem k 2 ltac:(lia)), (Z.rem_bound_abs k 2 ltac:(lia)). lia. Qed.

Lemma rounds_above z r s : s <= r -> rounds z r -> above (next_up z) s.
Proof.
  intros H R. assert (T := rounds_tops z r s H R). unfold tops, up in T. now rewrite (rounds_not_nan _ _ R) in T.
Qed.
Lemma rounds_below z r s : r <= s -> rounds z r -> below (next_down z) s.
Proof.
  intros H R. assert (T := rounds_bottoms z r s H R). unfold bottoms, down in T. now rewrite (rounds_not_nan _ _ R) in T.
Qed.

Lemma Bmax_fin : fin Bmax (9007199254740991 * bpow radix2 971).
Proof. split; reflexivity. Qed.

Lemma fin_below x v r : fin x v -> v <= r -> below x r.
Proof.
  intros [F E] H. split; [now destruct x|]. apply lower_finite; [exact F|]. rewrite E. exact H.
Qed.
Lemma fin_above x v r : fin x v -> r <= v -> above x r.
Proof.
  intros [F E] H. split; [now destruct x|]. apply upper_finite; [exact F|]. rewrite E. exact H.
Qed.

(** ** exp at a float *)
Lemma exp_overflows v : B2R EXP_OVERFLOWS < v -> 9007199254740991 * bpow radix2 971 <= exp v.
Proof.
  intros H. apply Rle_trans with (exp (B2R EXP_OVERFLOWS)); [|left; now apply exp_increasing].
  unfold EXP_OVERFLOWS. literals. pows. interval with (i_prec 100).
Qed.

Lemma exp_underflows v : v < B2R EXP_UNDERFLOWS -> exp v <= bpow radix2 (-1074).
Proof.
  intros H. apply Rle_trans with (exp (B2R EXP_UNDERFLOWS)); [left; now apply exp_increasing|].
  unfold EXP_UNDERFLOWS. literals. interval with (i_prec 100).
Qed.

Theorem exp_at_sound x v : fin x v -> contains (exp_at x) (exp v).
Proof.
  intros Hx. unfold exp_at. assert (Hx' := Hx). destruct Hx' as [Fx Ex].
  rewrite Bltb_correct by (exact Fx || reflexivity). rewrite Ex.
  case Rlt_bool_spec; intros H1.
  { split; cbn [lo hi]; [|split; reflexivity].
    apply (fin_below _ _ _ Bmax_fin). now apply exp_overflows. }
  rewrite Bltb_correct by (exact Fx || reflexivity). rewrite Ex.
  case Rlt_bool_spec; intros H2.
  { split; cbn [lo hi]; [apply below_zero, Rlt_le, exp_pos|].
    apply (fin_above smallest (bpow radix2 (-1074))); [|now apply exp_underflows].
    split; [reflexivity|]. exact (Rmult_1_l _). }
  assert (Bv : Rabs v <= 746).
  { assert (B2R EXP_OVERFLOWS <= 710) by (unfold EXP_OVERFLOWS; literals; lra).
    assert (- 746 <= B2R EXP_UNDERFLOWS) by (unfold EXP_UNDERFLOWS; literals; lra).
    apply Rabs_le. lra. }
  assert (C := exponential_correct x v Hx Bv). destruct (exponential x) as [m k].
  destruct C as [K [M [[Fk Ek] [BK [_ [Fh [Ev [BE EM]]]]]]]].
  assert (TK : Btrunc k = K).
  { apply eq_IZR. rewrite Btrunc_correct by exact _. change FloatIeee.B2R with (@BinarySingleNaN.B2R prec emax) in Ek.
    rewrite Ek, round_FIX_IZR. f_equal. apply Ztrunc_IZR. }
  rewrite TK.
  set (E := exp (v - IZR K * ln 2)) in *.
  destruct (outwards_sound (thi m) M E Fh BE EM) as [l [h [Hl [Hh [B [l2 h2]]]]]].
  assert (PK := bpow_gt_0 radix2 K). rewrite Ev.
  assert (Ll : l * bpow radix2 K <= E * bpow radix2 K) by (apply Rmult_le_compat_r; lra).
  assert (Lh : E * bpow radix2 K <= h * bpow radix2 K) by (apply Rmult_le_compat_r; lra).
  case Z.leb_spec; intros HK.
  - destruct (quot_half K BK) as [Q1 Q2]. set (q := Z.quot K 2) in *.
    destruct (power_of_two_fin (K - q) ltac:(lia)) as [Fb Eb].
    assert (S : forall y w, fin y w -> / 2 <= w <= 2 ->
       rounds (fmul (fmul y (power_of_two q)) (power_of_two (K - q))) (w * bpow radix2 K) /\
       rnd (w * bpow radix2 K) = w * bpow radix2 K).
    { intros y w Hy Hw. destruct (scaled_fin y w q Hy Hw ltac:(lia)) as [F1 E1]. split.
      - replace (w * bpow radix2 K) with (w * bpow radix2 q * bpow radix2 (K - q)).
        + rewrite <- E1, <- Eb. now apply fmul_rounds.
        + rewrite Rmult_assoc, <- bpow_plus. do 2 f_equal. ring.
      - apply rnd_id, scaled_F64; [exact (fin_F64 _ _ Hy) | lra | exact HK]. }
    destruct (S _ _ Hl ltac:(lra)) as [R1 G1]. destruct (S _ _ Hh ltac:(lra)) as [R2 G2]. clear S.
    split; cbn [lo hi].
    + unfold rounds in R1. rewrite G1 in R1. revert R1. case Rlt_bool_spec; intros O.
      * intros [E1 F1]. apply below_min_l; [reflexivity|]. apply (fin_below _ (l * bpow radix2 K)); [now split | exact Ll].
      * rewrite Rlt_bool_false by nra. intros ->. apply below_min_r; [reflexivity|].
        apply (fin_below _ _ _ Bmax_fin). rewrite Rabs_pos_eq in O by nra.
        apply Rle_trans with (bpow radix2 emax); [|lra].
        change emax with (53 + 971)%Z. rewrite bpow_plus. apply Rmult_le_compat_r; [apply bpow_ge_0|].
        change (bpow radix2 53) with 9007199254740992. lra.
    + unfold rounds in R2. rewrite G2 in R2. revert R2. case Rlt_bool_spec; intros O.
      * intros [E1 F1]. apply (fin_above _ (h * bpow radix2 K)); [now split | exact Lh].
      * rewrite Rlt_bool_false by nra. intros ->. split; reflexivity.
  - destruct (power_of_two_fin (-100) ltac:(lia)) as [Fb Eb].
    assert (S : forall y w, fin y w -> / 2 <= w <= 2 ->
       rounds (fmul (fmul y (power_of_two (K + 100))) (power_of_two (-100))) (w * bpow radix2 K)).
    { intros y w Hy Hw. destruct (scaled_fin y w (K + 100) Hy Hw ltac:(lia)) as [F1 E1].
      replace (w * bpow radix2 K) with (w * bpow radix2 (K + 100) * bpow radix2 (-100)).
      + rewrite <- E1, <- Eb. now apply fmul_rounds.
      + rewrite Rmult_assoc, <- bpow_plus. do 2 f_equal. ring. }
    assert (R1 := S _ _ Hl ltac:(lra)). assert (R2 := S _ _ Hh ltac:(lra)). clear S.
    split; cbn [lo hi].
    + apply below_max; [now apply (rounds_below _ _ _ Ll) | apply below_zero; nra].
    + now apply (rounds_above _ _ _ Lh).
Qed.

Lemma ends_below (f : R -> R) (F : f64 -> itv) X x :
  (forall a b, a <= b -> f a <= f b) ->
  (forall y v, fin y v -> contains (F y) (f v)) ->
  (forall r, below (lo (F Bminf)) (f r)) -> (forall r, above (hi (F Binf)) (f r)) ->
  contains X x -> contains (Itv (lo (F (lo X))) (hi (F (hi X)))) (f x).
Proof.
  intros Hm HF Hn Hp [Hl Hh]. split; cbn [lo hi].
  - destruct (is_finite (lo X)) eqn:E.
    + destruct (HF (lo X) _ (conj E eq_refl)) as [[N G] _]. split; [exact N|].
      apply (lower_le _ (f (B2R (lo X)))); [apply Hm, lower_sound; [exact E | apply Hl] | exact G].
    + destruct (lo X) as [|[|]| |]; try discriminate; try (destruct Hl; discriminate). apply Hn.
  - destruct (is_finite (hi X)) eqn:E.
    + destruct (HF (hi X) _ (conj E eq_refl)) as [_ [N G]]. split; [exact N|].
      apply (upper_le _ (f (B2R (hi X)))); [apply Hm, upper_sound; [exact E | apply Hh] | exact G].
    + destruct (hi X) as [|[|]| |]; try discriminate; try (destruct Hh; discriminate). apply Hp.
Qed.

Theorem iexp_sound X x : contains X x -> contains (iexp X) (exp x).
Proof.
  apply (ends_below exp exp_at).
  - intros a b [H|H]; [left; now apply exp_increasing | right; now rewrite H].
  - exact exp_at_sound.
  - intros r. apply below_zero, Rlt_le, exp_pos.
  - intros r. split; reflexivity.
Qed.

(** ** The logistic function *)
Lemma ione_sound : contains ione 1.
Proof. split; [apply (fin_below _ 1) | apply (fin_above _ 1)]; try lra; (split; [reflexivity | apply Bone_correct]). Qed.

Lemma next_down_shrinks x r : below x r -> 0 < r -> below (next_down x) (r * (1 - / 2 * u)).
Proof.
  intros [N H] r0. assert (U := u_val).
  assert (NN : is_nan (next_down x) = false) by (unfold next_down; now rewrite is_nan_Bpred).
  assert (P : 0 < r * (1 - / 2 * u)) by (rewrite U; nra).
  destruct (is_finite x) eqn:F.
  - apply lower_finite in H; [|exact F]. split; [exact NN|].
    generalize (Bpred_correct prec emax _ _ x F). rewrite fexpE. case Rlt_bool_spec; intros Hs.
    + intros [E [G _]]. apply lower_finite; [exact G|].
      change FloatIeee.B2R with (@BinarySingleNaN.B2R prec emax) in *. unfold next_down. rewrite E.
      destruct (Rle_or_lt (BinarySingleNaN.B2R x) 0) as [L|L].
      { apply Rle_trans with (BinarySingleNaN.B2R x); [apply pred_le_id | lra]. }
      assert (Fx := B2R_F64 x).
      assert (A := pred_plus_ulp radix2 fmt _ L Fx).
      assert (p0 : 0 <= pred radix2 fmt (BinarySingleNaN.B2R x)) by (apply pred_ge_0; [exact fmt_valid | exact L | exact Fx]).
      assert (G2 := ulp_FLT_gt radix2 emin prec (pred radix2 fmt (BinarySingleNaN.B2R x))).
      rewrite (Rabs_pos_eq _ p0) in G2. change (bpow radix2 (- prec)) with (/ 9007199254740992) in G2.
      fold fmt in G2. rewrite U. lra.
    + intros E. assert (E' : Bpred x = B754_infinity true).
      { destruct (Bpred x); try discriminate. simpl in E. congruence. }
      unfold next_down. rewrite E'. reflexivity.
  - destruct x as [|[|]| |]; try discriminate. split; reflexivity.
Qed.

Lemma sigma_exp z : sigma z = exp z / (1 + exp z).
Proof.
  unfold sigma. rewrite exp_Ropp. assert (P := exp_pos z). field. lra.
Qed.

Lemma sigma_increasing a b : a <= b -> sigma a <= sigma b.
Proof.
  intros H. unfold sigma. assert (exp (- b) <= exp (- a)).
  { destruct H as [H|H]; [left; apply exp_increasing; lra | right; now rewrite H]. }
  assert (P := exp_pos (- b)). apply Rinv_le_contravar; lra.
Qed.

Lemma sigma_saturates z : z < B2R SATURATES -> exp z * (1 - / 2 * u) <= sigma z <= exp z.
Proof.
  intros H. assert (S : B2R SATURATES = - 40) by (unfold SATURATES; literals; pows; lra). rewrite S in H.
  assert (B : exp z <= / IZR (2 ^ 57)).
  { apply Rle_trans with (exp (-40)); [left; now apply exp_increasing|]. pows. interval. }
  assert (P := exp_pos z). rewrite sigma_exp, u_val. pows. split.
  - apply (Rmult_le_reg_r (1 + exp z)); [lra|]. replace (exp z / (1 + exp z) * (1 + exp z)) with (exp z) by (field; lra). nra.
  - apply (Rmult_le_reg_r (1 + exp z)); [lra|]. replace (exp z / (1 + exp z) * (1 + exp z)) with (exp z) by (field; lra). nra.
Qed.

Lemma sigmoid_at_sound z v : fin z v -> contains (sigmoid_at z) (sigma v).
Proof.
  intros Hz. unfold sigmoid_at. assert (Hz' := Hz). destruct Hz' as [Fz Ez].
  rewrite Bltb_correct by (exact Fz || reflexivity). rewrite Ez.
  case Rlt_bool_spec; intros H.
  - destruct (exp_at_sound z v Hz) as [El Eh]. destruct (sigma_saturates v H) as [S1 S2].
    assert (P := exp_pos v). split; cbn [lo hi].
    + apply below_max.
      * destruct (next_down_shrinks _ _ El P) as [N G]. split; [exact N|]. exact (lower_le _ _ _ S1 G).
      * apply below_zero. apply Rle_trans with (2 := S1). rewrite u_val. nra.
    + split; [apply Eh|]. exact (upper_le _ _ _ S2 (proj2 Eh)).
  - assert (C := exp_at_sound _ _ (fopp_fin _ _ Hz)). assert (P := exp_pos (- v)).
    replace (sigma v) with (Rmin (1 / (1 + exp (- v))) 1).
    + apply imin_sound; [|apply ione_sound]. apply idiv_zero; [apply ione_sound | | lra].
      apply iadd_sound; [apply ione_sound | exact C].
    + rewrite Rmin_left; [unfold sigma, Rdiv; ring|].
      apply (Rmult_le_reg_r (1 + exp (- v))); [lra|]. replace (1 / (1 + exp (- v)) * (1 + exp (- v))) with 1 by (field; lra). lra.
Qed.

Theorem isigmoid_sound X x : contains X x -> contains (isigmoid X) (sigma x).
Proof.
  apply (ends_below sigma sigmoid_at).
  - exact sigma_increasing.
  - exact sigmoid_at_sound.
  - intros r. apply below_zero. unfold sigma. left. apply Rinv_0_lt_compat. generalize (exp_pos (- r)). lra.
  - intros r.
    assert (C : contains (imin (idiv ione (iadd ione (Itv Bzero smallest))) ione) (Rmin (1 / (1 + 0)) 1)).
    { apply imin_sound; [|apply ione_sound]. apply idiv_zero; [apply ione_sound | | lra].
      apply iadd_sound; [apply ione_sound|]. split; [apply below_zero; lra|].
      apply (fin_above _ (bpow radix2 (-1074))); [split; [reflexivity|]|apply bpow_ge_0].
      exact (Rmult_1_l _). }
    change (above (hi (imin (idiv ione (iadd ione (Itv Bzero smallest))) ione)) (sigma r)).
    assert (L : sigma r <= Rmin (1 / (1 + 0)) 1).
    { apply Rmin_glb; unfold sigma; assert (P := exp_pos (- r));
        (apply Rle_trans with (/ 1); [apply Rinv_le_contravar; lra | right; field]). }
    destruct C as [_ [N C]]. split; [exact N|]. exact (upper_le _ _ _ L C).
Qed.
