(** * Twofold: the double-double arithmetic of src/numeric/twofold.rs, as coded, on binary64.
    The real-number model [rnd] of FloatDot.v has gradual underflow and no overflow; [fin] says that a
    binary64 operation stays finite and so agrees with it.

    Definitions
      fin x v                    the float x is finite and is the real v
      twofold, tvalue            an unevaluated sum hi + lo of two floats, and its value
      two_sum, halves, two_product, tsum, tplus, ttimes, tpoint, tscaled   transcribed from Rust
      good M t                   finite, |hi| <= M, |lo| <= u |hi|

    Theorems
      two_sum_fin                s + e = a + b exactly, s the rounded sum, |e| <= u |s|
      two_product_fin            |p + e - a b| <= 7/2 2^-1074
      tsum_good                  the sum of two floats is a normalised twofold, exactly; hi is the nearest float
      tplus_error                |self + o - result| <= 4 u^2 (|self.hi| + |o.hi|)
      ttimes_error               |self o - result| <= 9 u^2 |self.hi o.hi| + 2^-1068 *)
From Coq Require Import Reals ZArith Lra Lia List Bool.
From Flocq Require Import Core Relative Plus_error BinarySingleNaN Pff2Flocq.
From Unlearn Require Import FloatDot FloatIeee Interval64.
Local Open Scope R_scope.

#[local] Existing Instance fmt_valid.

Definition fsub (x y : f64) : f64 := fadd x (Bopp y).

(** [x - y] in IEEE arithmetic is [x + (-y)], also for the sign of zero. *)
Definition fin (x : f64) (v : R) : Prop := is_finite x = true /\ B2R x = v.

Lemma fin_F64 x v : fin x v -> F64 v.
Proof. intros [_ <-]. apply B2R_F64. Qed.

Definition big := bpow radix2 1000.
Lemma big_pos : 0 < big. Proof. apply bpow_gt_0. Qed.

Lemma rnd_le_big r : Rabs r <= big -> Rabs (rnd r) < bpow radix2 emax.
Proof.
  intros H. apply Rle_lt_trans with big; [|now apply bpow_lt].
  apply abs_round_le_generic; [exact fmt_valid | apply valid_rnd_N | | exact H].
  apply generic_format_bpow. unfold fmt, FLT_exp, emin, prec. lia.
Qed.

Lemma rounds_fin z r : Rabs r <= big -> rounds z r -> fin z (rnd r).
Proof.
  intros H. unfold rounds. rewrite Rlt_bool_true by now apply rnd_le_big. intros [E F]. now split.
Qed.

Lemma fadd_fin x y a b : fin x a -> fin y b -> Rabs (a + b) <= big -> fin (fadd x y) (rnd (a + b)).
Proof.
  intros [Fx <-] [Fy <-] H. apply rounds_fin; [exact H|]. now apply fadd_rounds.
Qed.

Lemma fmul_fin x y a b : fin x a -> fin y b -> Rabs (a * b) <= big -> fin (fmul x y) (rnd (a * b)).
Proof.
  intros [Fx <-] [Fy <-] H. apply rounds_fin; [exact H|]. now apply fmul_rounds.
Qed.

Lemma fopp_fin x a : fin x a -> fin (Bopp x) (- a).
Proof. intros [F <-]. split; [now rewrite is_finite_Bopp | apply B2R_Bopp]. Qed.

Lemma fsub_fin x y a b : fin x a -> fin y b -> Rabs (a - b) <= big -> fin (fsub x y) (rnd (a - b)).
Proof. intros Hx Hy H. apply fadd_fin; [exact Hx | now apply fopp_fin | exact H]. Qed.

(** ** Numbers *)
Lemma u_val : u = / 9007199254740992.
Proof. reflexivity. Qed.

Lemma rnd_err r : Rabs (rnd r - r) <= u * Rabs r + eta.
Proof.
  destruct (rnd_mult r) as [e [h [He [Hh ->]]]].
  replace (r * (1 + e) + h - r) with (r * e + h) by ring.
  apply (Rle_trans _ _ _ (Rabs_triang _ _)). rewrite Rabs_mult.
  assert (P := Rabs_pos r). nra.
Qed.

Lemma rnd_plus_err x y : F64 x -> F64 y -> Rabs (rnd (x + y) - (x + y)) <= u * Rabs (x + y).
Proof.
  intros Fx Fy. destruct (rnd_plus x y Fx Fy) as [e [He ->]].
  replace ((x + y) * (1 + e) - (x + y)) with ((x + y) * e) by ring.
  rewrite Rabs_mult, Rmult_comm. apply Rmult_le_compat_r; [apply Rabs_pos | exact He].
Qed.

(** The error is also at most u times the rounded sum. *)
Lemma rnd_plus_err' x y : F64 x -> F64 y -> Rabs (rnd (x + y) - (x + y)) <= u * Rabs (rnd (x + y)).
Proof.
  intros Fx Fy. destruct (Rle_or_lt (bpow radix2 (emin + prec - 1)) (Rabs (x + y))) as [H|H].
  - generalize (relative_error_N_FLT_round radix2 emin prec eq_refl (fun x => negb (Z.even x)) (x + y) H).
    intros G. apply (Rle_trans _ _ _ G). apply Rmult_le_compat_r; [apply Rabs_pos|].
    rewrite <- u_roE. apply Rle_refl.
  - assert (E : rnd (x + y) = x + y).
    { unfold rnd. apply round_generic; [apply valid_rnd_N|].
      apply (FLT_format_plus_small radix2 emin prec); auto. apply Rlt_le.
      apply (Rlt_le_trans _ _ _ H). apply bpow_le. lia. }
    rewrite E. replace (x + y - (x + y)) with 0 by ring. rewrite Rabs_R0.
    apply Rmult_le_pos; [apply Rlt_le, u_pos | apply Rabs_pos].
Qed.

(** ** The building blocks, as coded *)
Definition two_sum (a b : f64) : f64 * f64 :=
  let s := fadd a b in
  let shared := fsub s a in
  (s, fadd (fsub a (fsub s shared)) (fsub b shared)).

(** A literal: [posf m e] is m 2^e, [negf m e] is - m 2^e, checked to be in canonical form. *)
Notation posf m e := (@B754_finite prec emax false m e eq_refl).
Notation negf m e := (@B754_finite prec emax true m e eq_refl).
Definition splitter : f64 := posf 4503599660924928 (-25).
Definition halves (a : f64) : f64 * f64 :=
  let c := fmul splitter a in
  let h := fsub c (fsub c a) in
  (h, fsub a h).

Definition two_product (a b : f64) : f64 * f64 :=
  let p := fmul a b in
  let (ah, al) := halves a in
  let (bh, bl) := halves b in
  (p, fadd (fadd (fadd (fsub (fmul ah bh) p) (fmul ah bl)) (fmul al bh)) (fmul al bl)).

Lemma splitter_fin : fin splitter 134217729.
Proof. split; [reflexivity|]. unfold splitter, FloatIeee.B2R, BinarySingleNaN.B2R, F2R, bpow. simpl. lra. Qed.

(** A rounded number is at most twice as large (plus a subnormal). *)
Lemma rnd_abs r : Rabs (rnd r) <= 2 * Rabs r + eta.
Proof.
  assert (H := rnd_err r). assert (U := u_val). assert (P := Rabs_pos r).
  assert (T := Rabs_triang (rnd r - r) r). replace (rnd r - r + r) with (rnd r) in T by ring.
  assert (u * Rabs r <= Rabs r) by (rewrite U; nra). lra.
Qed.

Lemma rnd_abs_le r M : bpow radix2 (-1000) <= M -> Rabs r <= M -> Rabs (rnd r) <= 3 * M.
Proof.
  intros HM H. generalize (rnd_abs r). assert (eta <= M); [|lra].
  apply Rle_trans with (2 := HM). now apply bpow_le.
Qed.

Lemma two_sum_fin a b x y : fin a x -> fin b y -> Rabs x <= bpow radix2 990 -> Rabs y <= bpow radix2 990 ->
  let s := rnd (x + y) in
  fin (fst (two_sum a b)) s /\ fin (snd (two_sum a b)) (x + y - s) /\
  Rabs (x + y - s) <= u * Rabs s /\ Rabs (x + y - s) <= u * Rabs (x + y).
Proof.
  intros Ha Hb Hx Hy s. assert (Fx := fin_F64 _ _ Ha). assert (Fy := fin_F64 _ _ Hb).
  assert (B : big = 1024 * bpow radix2 990) by (unfold big; change 1000%Z with (10 + 990)%Z; rewrite bpow_plus; reflexivity).
  assert (S : bpow radix2 (-1000) <= bpow radix2 990) by now apply bpow_le.
  set (M := bpow radix2 990) in *.
  assert (TA : forall v w, Rabs (v - w) <= Rabs v + Rabs w).
  { intros v w. replace (v - w) with (v + - w) by ring. apply (Rle_trans _ _ _ (Rabs_triang _ _)).
    rewrite Rabs_Ropp. lra. }
  assert (P0 := bpow_gt_0 radix2 990). fold M in P0.
  assert (Q1 : Rabs (x + y) <= 2 * M) by (generalize (Rabs_triang x y); lra).
  assert (F1 : fin (fadd a b) s) by (apply fadd_fin; auto; lra).
  assert (Q2 : Rabs s <= 6 * M) by (generalize (rnd_abs_le (x + y) (2 * M)); fold s; lra).
  set (y' := rnd (s - x)).
  assert (F2 : fin (fsub (fadd a b) a) y') by (apply fsub_fin; auto; generalize (TA s x); lra).
  assert (Q3 : Rabs y' <= 21 * M) by (generalize (rnd_abs_le (s - x) (7 * M)), (TA s x); fold y'; lra).
  set (x' := rnd (s - y')).
  assert (F3 : fin (fsub (fadd a b) (fsub (fadd a b) a)) x') by (apply fsub_fin; auto; generalize (TA s y'); lra).
  assert (Q4 : Rabs x' <= 81 * M) by (generalize (rnd_abs_le (s - y') (27 * M)), (TA s y'); fold x'; lra).
  set (e1 := rnd (x - x')).
  assert (F4 : fin (fsub a (fsub (fadd a b) (fsub (fadd a b) a))) e1) by (apply fsub_fin; auto; generalize (TA x x'); lra).
  assert (Q5 : Rabs e1 <= 246 * M) by (generalize (rnd_abs_le (x - x') (82 * M)), (TA x x'); fold e1; lra).
  set (e2 := rnd (y - y')).
  assert (F5 : fin (fsub b (fsub (fadd a b) a)) e2) by (apply fsub_fin; auto; generalize (TA y y'); lra).
  assert (Q6 : Rabs e2 <= 66 * M) by (generalize (rnd_abs_le (y - y') (22 * M)), (TA y y'); fold e2; lra).
  assert (F6 : fin (fadd (fsub a (fsub (fadd a b) (fsub (fadd a b) a))) (fsub b (fsub (fadd a b) a))) (rnd (e1 + e2)))
    by (apply fadd_fin; auto; generalize (Rabs_triang e1 e2); lra).
  assert (X := two_sum_exact x y Fx Fy). cbv zeta in X.
  fold s y' in X. fold x' in X. fold e1 e2 in X.
  assert (E : rnd (e1 + e2) = x + y - s) by lra.
  rewrite E in F6.
  repeat split; try apply F1; try apply F6.
  - rewrite <- Rabs_Ropp. replace (- (x + y - s)) with (s - (x + y)) by ring. now apply rnd_plus_err'.
  - rewrite <- Rabs_Ropp. replace (- (x + y - s)) with (s - (x + y)) by ring. now apply rnd_plus_err.
Qed.

Definition tiny := bpow radix2 (-1068).

Lemma tiny_eta : 64 * bpow radix2 (-1074) = tiny.
Proof. unfold tiny. change (-1068)%Z with (6 + -1074)%Z. rewrite bpow_plus. reflexivity. Qed.

Lemma eta_half : 2 * eta = bpow radix2 (-1074).
Proof. unfold eta. change (-1074)%Z with (1 + -1075)%Z. rewrite bpow_plus. reflexivity. Qed.

(** The splitting, as reals. *)
Definition rhead x := let p := rnd (134217729 * x) in rnd (p - rnd (p - x)).
Definition rtail x := rnd (x - rhead x).

Lemma halves_fin a x : fin a x -> Rabs x <= bpow radix2 450 ->
  fin (fst (halves a)) (rhead x) /\ fin (snd (halves a)) (rtail x) /\
  Rabs (rhead x) <= bpow radix2 490 /\ Rabs (rtail x) <= bpow radix2 495.
Proof.
  intros Ha Hx.
  assert (P0 := bpow_gt_0 radix2 450).
  assert (S : bpow radix2 (-1000) <= bpow radix2 450) by now apply bpow_le.
  assert (B : big = bpow radix2 60 * (1024 * (1024 * (1024 * (1024 * bpow radix2 450))) * bpow radix2 450)).
  { unfold big. change 1000%Z with (60 + (10 + (10 + (10 + (10 + 450))) + 450))%Z.
    rewrite !bpow_plus. change (bpow radix2 10) with 1024. ring. }
  assert (P1 : 1 <= bpow radix2 450) by now apply (bpow_le radix2 0 450).
  assert (P2 : 1 <= bpow radix2 60) by now apply (bpow_le radix2 0 60).
  assert (E1 : bpow radix2 490 = 1099511627776 * bpow radix2 450)
    by (change 490%Z with (40 + 450)%Z; rewrite bpow_plus; reflexivity).
  assert (E2 : bpow radix2 495 = 35184372088832 * bpow radix2 450)
    by (change 495%Z with (45 + 450)%Z; rewrite bpow_plus; reflexivity).
  assert (B' : 1099511627776 * bpow radix2 450 <= big).
  { rewrite B. set (M := bpow radix2 450) in *. clearbody M.
    assert (1099511627776 * M <= 1099511627776 * M * M) by nra.
    assert (0 <= 1099511627776 * M * M) by nra. nra. }
  clear B. rewrite E1, E2. set (M := bpow radix2 450) in *.
  assert (TA : forall v w, Rabs (v - w) <= Rabs v + Rabs w).
  { intros v w. replace (v - w) with (v + - w) by ring. apply (Rle_trans _ _ _ (Rabs_triang _ _)).
    rewrite Rabs_Ropp. lra. }
  assert (Q0 : Rabs (134217729 * x) <= 134217729 * M) by (rewrite Rabs_mult, (Rabs_pos_eq 134217729); lra).
  set (p := rnd (134217729 * x)).
  assert (F1 : fin (fmul splitter a) p) by (apply fmul_fin; auto; [exact splitter_fin | lra]).
  assert (Q1 : Rabs p <= 402653187 * M) by (generalize (rnd_abs_le _ _ (Rle_trans _ _ (134217729 * M) S ltac:(lra)) Q0); fold p; lra).
  set (q := rnd (p - x)).
  assert (Q2' : Rabs (p - x) <= 402653188 * M) by (generalize (TA p x); lra).
  assert (F2 : fin (fsub (fmul splitter a) a) q) by (apply fsub_fin; auto; lra).
  assert (Q2 : Rabs q <= 1207959564 * M) by (generalize (rnd_abs_le _ _ (Rle_trans _ _ (402653188 * M) S ltac:(lra)) Q2'); fold q; lra).
  assert (Q3' : Rabs (p - q) <= 1610612751 * M) by (generalize (TA p q); lra).
  assert (F3 : fin (fst (halves a)) (rhead x)) by (change (fin (fsub (fmul splitter a) (fsub (fmul splitter a) a)) (rnd (p - q))); apply fsub_fin; auto; lra).
  assert (Q3 : Rabs (rhead x) <= 4831838253 * M) by (generalize (rnd_abs_le _ _ (Rle_trans _ _ (1610612751 * M) S ltac:(lra)) Q3'); unfold rhead; fold p q; lra).
  assert (Q4' : Rabs (x - rhead x) <= 4831838254 * M) by (generalize (TA x (rhead x)); lra).
  assert (F4 : fin (snd (halves a)) (rtail x)) by (change (fin (fsub a (fst (halves a))) (rnd (x - rhead x))); apply fsub_fin; auto; lra).
  assert (Q4 : Rabs (rtail x) <= 14495514762 * M) by (generalize (rnd_abs_le _ _ (Rle_trans _ _ (4831838254 * M) S ltac:(lra)) Q4'); unfold rtail; lra).
  repeat split; try apply F3; try apply F4; lra.
Qed.

Lemma rnd_opp r : rnd (- r) = - rnd r.
Proof. apply round_NE_opp. Qed.

(** Dekker's theorem, in the order of operations that is coded. *)
Lemma dekker x y : F64 x -> F64 y ->
  let p := rnd (x * y) in
  let e := rnd (rnd (rnd (rnd (rnd (rhead x * rhead y) - p) + rnd (rhead x * rtail y))
                     + rnd (rtail x * rhead y)) + rnd (rtail x * rtail y)) in
  Rabs (x * y - (p + e)) <= 7 / 2 * bpow radix2 (-1074).
Proof.
  intros Fx Fy p e.
  assert (H : forall v, rhead v = rnd (rnd (v - rnd (v * (bpow radix2 (prec - Z.div2 prec) + 1))) + rnd (v * (bpow radix2 (prec - Z.div2 prec) + 1)))).
  { intros v. unfold rhead. change (bpow radix2 (prec - Z.div2 prec)) with 134217728.
    replace (134217729 * v) with (v * (134217728 + 1)) by ring.
    set (q := rnd (v * (134217728 + 1))).
    replace (v - q) with (- (q - v)) by ring. rewrite rnd_opp. f_equal. ring. }
  destruct (Dekker radix2 emin prec (fun z => negb (Z.even z)) ltac:(easy) ltac:(easy) x y Fx Fy (or_introl eq_refl)) as [_ D].
  fold rnd in D. revert D.
  change (round radix2 (FLT_exp emin prec) (Znearest (fun z => negb (Z.even z)))) with rnd.
  rewrite <- !H. fold (rtail x) (rtail y) p.
  replace (- p + rnd (rhead x * rhead y)) with (rnd (rhead x * rhead y) - p) by ring.
  intros D. exact D.
Qed.

Lemma two_product_fin a b x y : fin a x -> fin b y -> Rabs x <= bpow radix2 450 -> Rabs y <= bpow radix2 450 ->
  exists e, fin (fst (two_product a b)) (rnd (x * y)) /\ fin (snd (two_product a b)) e /\
    Rabs (x * y - (rnd (x * y) + e)) <= 7 / 2 * bpow radix2 (-1074).
Proof.
  intros Ha Hb Hx Hy. assert (Fx := fin_F64 _ _ Ha). assert (Fy := fin_F64 _ _ Hb).
  destruct (halves_fin a x Ha Hx) as [A1 [A2 [A3 A4]]].
  destruct (halves_fin b y Hb Hy) as [B1 [B2 [B3 B4]]].
  assert (D := dekker x y Fx Fy). cbv zeta in D.
  unfold two_product. destruct (halves a) as [ah al], (halves b) as [bh bl]. cbn [fst snd] in *.
  assert (P0 := bpow_gt_0 radix2 990).
  assert (S : bpow radix2 (-1000) <= bpow radix2 990) by now apply bpow_le.
  assert (B : big = 1024 * bpow radix2 990) by (unfold big; change 1000%Z with (10 + 990)%Z; rewrite bpow_plus; reflexivity).
  assert (E : forall v w, Rabs v <= bpow radix2 495 -> Rabs w <= bpow radix2 495 -> Rabs (v * w) <= bpow radix2 990).
  { intros v w Hv Hw. rewrite Rabs_mult. change 990%Z with (495 + 495)%Z. rewrite bpow_plus.
    apply Rmult_le_compat; auto; apply Rabs_pos. }
  assert (L1 : bpow radix2 450 <= bpow radix2 495) by now apply bpow_le.
  assert (L2 : bpow radix2 490 <= bpow radix2 495) by now apply bpow_le.
  assert (M0 := E x y ltac:(lra) ltac:(lra)).
  assert (M1 := E (rhead x) (rhead y) ltac:(lra) ltac:(lra)).
  assert (M2 := E (rhead x) (rtail y) ltac:(lra) ltac:(lra)).
  assert (M3 := E (rtail x) (rhead y) ltac:(lra) ltac:(lra)).
  assert (M4 := E (rtail x) (rtail y) ltac:(lra) ltac:(lra)).
  clear E. set (M := bpow radix2 990) in *.
  assert (G : forall r c, 1 <= c -> Rabs r <= c * M -> Rabs (rnd r) <= 3 * c * M).
  { intros r c Hc H. rewrite Rmult_assoc. apply rnd_abs_le; [|exact H]. nra. }
  assert (TA : forall v w, Rabs (v - w) <= Rabs v + Rabs w).
  { intros v w. replace (v - w) with (v + - w) by ring. apply (Rle_trans _ _ _ (Rabs_triang _ _)).
    rewrite Rabs_Ropp. lra. }
  assert (F0 : fin (fmul a b) (rnd (x * y))) by (apply fmul_fin; auto; lra).
  assert (F1 : fin (fmul ah bh) (rnd (rhead x * rhead y))) by (apply fmul_fin; auto; lra).
  assert (F2 : fin (fmul ah bl) (rnd (rhead x * rtail y))) by (apply fmul_fin; auto; lra).
  assert (F3 : fin (fmul al bh) (rnd (rtail x * rhead y))) by (apply fmul_fin; auto; lra).
  assert (F4 : fin (fmul al bl) (rnd (rtail x * rtail y))) by (apply fmul_fin; auto; lra).
  assert (N0 := G (x * y) 1 ltac:(lra) ltac:(lra)).
  assert (N1 := G (rhead x * rhead y) 1 ltac:(lra) ltac:(lra)).
  assert (N2 := G (rhead x * rtail y) 1 ltac:(lra) ltac:(lra)).
  assert (N3 := G (rtail x * rhead y) 1 ltac:(lra) ltac:(lra)).
  assert (N4 := G (rtail x * rtail y) 1 ltac:(lra) ltac:(lra)).
  set (p := rnd (x * y)) in *.
  set (r1 := rnd (rhead x * rhead y)) in *. set (r2 := rnd (rhead x * rtail y)) in *.
  set (r3 := rnd (rtail x * rhead y)) in *. set (r4 := rnd (rtail x * rtail y)) in *.
  assert (I1 := TA r1 p).
  assert (K1 : fin (fsub (fmul ah bh) (fmul a b)) (rnd (r1 - p))) by (apply fsub_fin; auto; lra).
  assert (J1 := G (r1 - p) 6 ltac:(lra) ltac:(lra)). set (q1 := rnd (r1 - p)) in *.
  assert (I2 := Rabs_triang q1 r2).
  assert (K2 : fin (fadd (fsub (fmul ah bh) (fmul a b)) (fmul ah bl)) (rnd (q1 + r2))) by (apply fadd_fin; auto; lra).
  assert (J2 := G (q1 + r2) 21 ltac:(lra) ltac:(lra)). set (q2 := rnd (q1 + r2)) in *.
  assert (I3 := Rabs_triang q2 r3).
  assert (K3 : fin (fadd (fadd (fsub (fmul ah bh) (fmul a b)) (fmul ah bl)) (fmul al bh)) (rnd (q2 + r3))) by (apply fadd_fin; auto; lra).
  assert (J3 := G (q2 + r3) 66 ltac:(lra) ltac:(lra)). set (q3 := rnd (q2 + r3)) in *.
  assert (I4 := Rabs_triang q3 r4).
  exists (rnd (q3 + r4)). split; [exact F0|]. split; [apply fadd_fin; auto; lra | exact D].
Qed.

Lemma Rabs_triang6 a b c d e f :
  Rabs (a + (b + (c + (d + (e + f))))) <= Rabs a + Rabs b + Rabs c + Rabs d + Rabs e + Rabs f.
Proof.
  generalize (Rabs_triang a (b + (c + (d + (e + f))))), (Rabs_triang b (c + (d + (e + f)))),
    (Rabs_triang c (d + (e + f))), (Rabs_triang d (e + f)), (Rabs_triang e f). lra.
Qed.

(** ** Twofold numbers *)
Record twofold := TF { thi : f64; tlo : f64 }.
Definition tpoint (x : f64) := TF x Bzero.
Definition tsum (a b : f64) : twofold := let (s, e) := two_sum a b in TF s e.
Definition tplus (x y : twofold) : twofold :=
  let (s, e) := two_sum (thi x) (thi y) in tsum s (fadd e (fadd (tlo x) (tlo y))).
Definition ttimes (x y : twofold) : twofold :=
  let (p, e) := two_product (thi x) (thi y) in
  tsum p (fadd e (fadd (fmul (thi x) (tlo y)) (fmul (tlo x) (thi y)))).
Definition tscaled (x : twofold) (p : f64) : twofold := TF (fmul (thi x) p) (fmul (tlo x) p).

(** Normalised, finite, and of value [v]. *)
Definition tval (t : twofold) (v : R) : Prop :=
  exists h l, fin (thi t) h /\ fin (tlo t) l /\ h + l = v /\ Rabs l <= u * Rabs h.

Lemma tval_parts t v : tval t v ->
  exists h l, fin (thi t) h /\ fin (tlo t) l /\ h + l = v /\ Rabs l <= u * Rabs h /\
    Rabs h <= (1 + / 1000000) * Rabs v.
Proof.
  intros [h [l [Hh [Hl [E L]]]]]. exists h, l. repeat split; try apply Hh; try apply Hl; auto.
  assert (T := Rabs_triang v (- l)). replace (v + - l) with h in T by lra. rewrite Rabs_Ropp in T.
  rewrite u_val in L. assert (P := Rabs_pos h). lra.
Qed.

Lemma tpoint_val x v : fin x v -> tval (tpoint x) v.
Proof.
  intros H. exists v, 0. repeat split; try apply H; [|].
  - ring.
  - rewrite Rabs_R0. apply Rmult_le_pos; [apply Rlt_le, u_pos | apply Rabs_pos].
Qed.

Theorem tsum_val a b x y : fin a x -> fin b y -> Rabs x <= bpow radix2 990 -> Rabs y <= bpow radix2 990 ->
  tval (tsum a b) (x + y) /\ fin (thi (tsum a b)) (rnd (x + y)).
Proof.
  intros Ha Hb Hx Hy. destruct (two_sum_fin a b x y Ha Hb Hx Hy) as [F1 [F2 [L _]]].
  unfold tsum. destruct (two_sum a b) as [s e]. cbn [fst snd thi tlo] in *.
  split; [|exact F1]. exists (rnd (x + y)), (x + y - rnd (x + y)).
  repeat split; try apply F1; try apply F2; auto. ring.
Qed.

Theorem tplus_error X Y x y : tval X x -> tval Y y -> Rabs x <= bpow radix2 900 -> Rabs y <= bpow radix2 900 ->
  exists z, tval (tplus X Y) z /\ fin (thi (tplus X Y)) (rnd z) /\
    Rabs (z - (x + y)) <= 4 * (u * u) * (Rabs x + Rabs y).
Proof.
  intros HX HY Bx By.
  destruct (tval_parts _ _ HX) as [h1 [l1 [H1 [L1 [E1 [N1 S1]]]]]].
  destruct (tval_parts _ _ HY) as [h2 [l2 [H2 [L2 [E2 [N2 S2]]]]]].
  assert (P0 := bpow_gt_0 radix2 900).
  assert (B9 : bpow radix2 990 = bpow radix2 80 * (1024 * bpow radix2 900))
    by (change 990%Z with (80 + (10 + 900))%Z; rewrite !bpow_plus; reflexivity).
  assert (P80 : 1 <= bpow radix2 80) by now apply (bpow_le radix2 0 80).
  assert (B9' : 1024 * bpow radix2 900 <= bpow radix2 990) by nra.
  assert (B : bpow radix2 990 <= big) by now apply bpow_le.
  clear B9 P80. set (M := bpow radix2 900) in *.
  assert (A1 := Rabs_pos x). assert (A2 := Rabs_pos y).
  assert (A3 := Rabs_pos h1). assert (A4 := Rabs_pos h2).
  destruct (two_sum_fin (thi X) (thi Y) h1 h2 H1 H2 ltac:(lra) ltac:(lra)) as [Fs [Fe [Le Le']]].
  assert (T12 := Rabs_triang h1 h2).
  unfold tplus. destruct (two_sum (thi X) (thi Y)) as [s e]. cbn [fst snd] in *.
  set (rs := rnd (h1 + h2)) in *. set (re := h1 + h2 - rs) in *.
  assert (Tl := Rabs_triang l1 l2). rewrite u_val in *.
  assert (Ft : fin (fadd (tlo X) (tlo Y)) (rnd (l1 + l2))) by (apply fadd_fin; auto; lra).
  assert (Et := rnd_plus_err l1 l2 (fin_F64 _ _ L1) (fin_F64 _ _ L2)). rewrite u_val in Et.
  set (t1 := rnd (l1 + l2)) in *.
  assert (Tt : Rabs t1 <= Rabs (t1 - (l1 + l2)) + Rabs (l1 + l2)).
  { generalize (Rabs_triang (t1 - (l1 + l2)) (l1 + l2)). replace (t1 - (l1 + l2) + (l1 + l2)) with t1 by ring. lra. }
  assert (Te := Rabs_triang re t1).
  assert (Ff : fin (fadd e (fadd (tlo X) (tlo Y))) (rnd (re + t1))) by (apply fadd_fin; auto; lra).
  assert (Ef := rnd_plus_err re t1 (fin_F64 _ _ Fe) (fin_F64 _ _ Ft)). rewrite u_val in Ef.
  set (t2 := rnd (re + t1)) in *.
  assert (T2 : Rabs t2 <= Rabs (t2 - (re + t1)) + Rabs (re + t1)).
  { generalize (Rabs_triang (t2 - (re + t1)) (re + t1)). replace (t2 - (re + t1) + (re + t1)) with t2 by ring. lra. }
  assert (Ts : Rabs rs <= Rabs re + Rabs (h1 + h2)).
  { generalize (Rabs_triang (- re) (h1 + h2)). rewrite Rabs_Ropp.
    replace (- re + (h1 + h2)) with rs by (unfold re; ring). lra. }
  destruct (tsum_val s (fadd e (fadd (tlo X) (tlo Y))) rs t2 Fs Ff ltac:(lra) ltac:(lra)) as [V W].
  exists (rs + t2). split; [exact V|]. split; [exact W|].
  replace (rs + t2 - (x + y)) with ((t2 - (re + t1)) + (t1 - (l1 + l2))) by (unfold re; rewrite <- E1, <- E2; ring).
  apply (Rle_trans _ _ _ (Rabs_triang _ _)). lra.
Qed.

Theorem ttimes_error X Y x y : tval X x -> tval Y y -> Rabs x <= bpow radix2 400 -> Rabs y <= bpow radix2 400 ->
  exists z, tval (ttimes X Y) z /\ fin (thi (ttimes X Y)) (rnd z) /\
    Rabs (z - x * y) <= 9 * (u * u) * Rabs (x * y) + tiny.
Proof.
  intros HX HY Bx By.
  destruct (tval_parts _ _ HX) as [h1 [l1 [H1 [L1 [E1 [N1 S1]]]]]].
  destruct (tval_parts _ _ HY) as [h2 [l2 [H2 [L2 [E2 [N2 S2]]]]]].
  assert (P0 := bpow_gt_0 radix2 400).
  assert (B9 : bpow radix2 450 = 1024 * (1024 * (1024 * (1024 * (1024 * bpow radix2 400)))))
    by (change 450%Z with (10 + (10 + (10 + (10 + (10 + 400)))))%Z; rewrite !bpow_plus; reflexivity).
  assert (A1 := Rabs_pos x). assert (A2 := Rabs_pos y).
  assert (A3 := Rabs_pos h1). assert (A4 := Rabs_pos h2).
  assert (A5 := Rabs_pos l1). assert (A6 := Rabs_pos l2).
  destruct (two_product_fin (thi X) (thi Y) h1 h2 H1 H2 ltac:(lra) ltac:(lra)) as [re [Fp [Fe De]]].
  unfold ttimes. destruct (two_product (thi X) (thi Y)) as [p e]. cbn [fst snd] in *.
  (* sizes of the four partial products, against a = |h1 h2| *)
  set (a := Rabs h1 * Rabs h2).
  assert (a0 : 0 <= a) by (apply Rmult_le_pos; assumption).
  assert (C0 : Rabs (h1 * h2) = a) by apply Rabs_mult.
  assert (C1 : Rabs (h1 * l2) <= u * a).
  { rewrite Rabs_mult. unfold a. replace (u * (Rabs h1 * Rabs h2)) with (Rabs h1 * (u * Rabs h2)) by ring.
    now apply Rmult_le_compat_l. }
  assert (C2 : Rabs (l1 * h2) <= u * a).
  { rewrite Rabs_mult. unfold a. rewrite <- Rmult_assoc. now apply Rmult_le_compat_r. }
  assert (C3 : Rabs (l1 * l2) <= u * u * a).
  { rewrite Rabs_mult. unfold a. replace (u * u * (Rabs h1 * Rabs h2)) with ((u * Rabs h1) * (u * Rabs h2)) by ring.
    now apply Rmult_le_compat. }
  assert (aM : a <= bpow radix2 900).
  { unfold a. change 900%Z with (450 + 450)%Z. rewrite bpow_plus. apply Rmult_le_compat; auto; lra. }
  assert (ax : a <= (1 + / 100000) * Rabs (x * y)).
  { unfold a. rewrite Rabs_mult. set (v := Rabs x) in *. set (w := Rabs y) in *.
    apply Rle_trans with (((1 + / 1000000) * v) * ((1 + / 1000000) * w)); [now apply Rmult_le_compat|].
    assert (0 <= v * w) by now apply Rmult_le_pos. nra. }
  assert (M0 := bpow_gt_0 radix2 900).
  assert (B10 : 1024 * bpow radix2 900 <= bpow radix2 990).
  { change (1024 * bpow radix2 900) with (bpow radix2 10 * bpow radix2 900). rewrite <- bpow_plus. now apply bpow_le. }
  assert (Bb : bpow radix2 990 <= big) by now apply bpow_le.
  assert (M1 : bpow radix2 (-1074) <= bpow radix2 900) by now apply bpow_le.
  assert (eta2 := eta_half). assert (tn := tiny_eta). assert (e0 := eta_pos).
  set (M := bpow radix2 900) in *. set (sub := bpow radix2 (-1074)) in *.
  rewrite u_val in *.
  assert (Ep := rnd_err (h1 * h2)). rewrite u_val, C0 in Ep. set (rp := rnd (h1 * h2)) in *.
  assert (Bp : Rabs rp <= Rabs (rp - h1 * h2) + a).
  { generalize (Rabs_triang (rp - h1 * h2) (h1 * h2)). rewrite C0. replace (rp - h1 * h2 + h1 * h2) with rp by ring. lra. }
  assert (Be : Rabs re <= Rabs (h1 * h2 - (rp + re)) + Rabs (rp - h1 * h2)).
  { generalize (Rabs_triang (- (h1 * h2 - (rp + re))) (- (rp - h1 * h2))). rewrite !Rabs_Ropp.
    replace (- (h1 * h2 - (rp + re)) + - (rp - h1 * h2)) with re by ring. lra. }
  assert (Fc : fin (fmul (thi X) (tlo Y)) (rnd (h1 * l2))) by (apply fmul_fin; auto; lra).
  assert (Fd : fin (fmul (tlo X) (thi Y)) (rnd (l1 * h2))) by (apply fmul_fin; auto; lra).
  assert (Ec := rnd_err (h1 * l2)). assert (Ed := rnd_err (l1 * h2)). rewrite u_val in Ec, Ed.
  set (c := rnd (h1 * l2)) in *. set (d := rnd (l1 * h2)) in *.
  assert (Bc : Rabs c <= Rabs (c - h1 * l2) + Rabs (h1 * l2)).
  { generalize (Rabs_triang (c - h1 * l2) (h1 * l2)). replace (c - h1 * l2 + h1 * l2) with c by ring. lra. }
  assert (Bd : Rabs d <= Rabs (d - l1 * h2) + Rabs (l1 * h2)).
  { generalize (Rabs_triang (d - l1 * h2) (l1 * h2)). replace (d - l1 * h2 + l1 * h2) with d by ring. lra. }
  assert (Tf := Rabs_triang c d).
  assert (Ff : fin (fadd (fmul (thi X) (tlo Y)) (fmul (tlo X) (thi Y))) (rnd (c + d))) by (apply fadd_fin; auto; lra).
  assert (Ef := rnd_plus_err c d (fin_F64 _ _ Fc) (fin_F64 _ _ Fd)). rewrite u_val in Ef.
  set (f := rnd (c + d)) in *.
  assert (Bf : Rabs f <= Rabs (f - (c + d)) + Rabs (c + d)).
  { generalize (Rabs_triang (f - (c + d)) (c + d)). replace (f - (c + d) + (c + d)) with f by ring. lra. }
  assert (Tg := Rabs_triang re f).
  assert (Fg : fin (fadd e (fadd (fmul (thi X) (tlo Y)) (fmul (tlo X) (thi Y)))) (rnd (re + f))) by (apply fadd_fin; auto; lra).
  assert (Eg := rnd_plus_err re f (fin_F64 _ _ Fe) (fin_F64 _ _ Ff)). rewrite u_val in Eg.
  set (g := rnd (re + f)) in *.
  assert (Bg : Rabs g <= Rabs (g - (re + f)) + Rabs (re + f)).
  { generalize (Rabs_triang (g - (re + f)) (re + f)). replace (g - (re + f) + (re + f)) with g by ring. lra. }
  destruct (tsum_val p (fadd e (fadd (fmul (thi X) (tlo Y)) (fmul (tlo X) (thi Y)))) rp g Fp Fg ltac:(lra) ltac:(lra)) as [V W].
  exists (rp + g). split; [exact V|]. split; [exact W|].
  replace (rp + g - x * y) with
    ((g - (re + f)) + ((f - (c + d)) + ((c - h1 * l2) + ((d - l1 * h2) + (- (h1 * h2 - (rp + re)) + - (l1 * l2))))))
    by (rewrite <- E1, <- E2; ring).
  apply (Rle_trans _ _ _ (Rabs_triang6 _ _ _ _ _ _)). rewrite !Rabs_Ropp. lra.
Qed.
