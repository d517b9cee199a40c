(** * Interval64: the interval operations of the library, as coded, enclose.
    Every definition below transcribes one function of src/numeric/interval.rs: two binary64
    ends, rounded to nearest and moved one float outwards, NaN giving the whole line.
    Nothing is assumed about overflow, infinite ends, subnormal numbers or signed zeros.

    Definitions
      itv, contains X x     an interval of two floats; the real x lies in it (a NaN end contains nothing)
      up, down              next_up and next_down, NaN replaced by the infinity on that side
      fmax, fmin            Rust's f64::max and f64::min, which drop a NaN
      ineg, iadd, isub, imul, idiv, iabs, isquare, isqrt, imax, imin, inonneg, ipoint, iaround, isum

    Theorems
      contains_finite       what an interval with finite ends says
      ineg_sound, iadd_sound, isub_sound, imul_sound, idiv_sound, iabs_sound, isquare_sound,
      isqrt_sound, imax_sound, imin_sound, inonneg_sound, ipoint_sound, iaround_sound, isum_sound
                            x in X and y in Y put the exact result in the computed interval
      idiv_zero             x / 0 need not be excluded: a divisor that may be zero gives an interval
                            that contains x / y for every y <> 0 in it *)
From Coq Require Import Reals ZArith Lra Lia List Bool.
From Flocq Require Import Core BinarySingleNaN.
From Unlearn Require Import FloatDot FloatIeee.
Import ListNotations.
Local Open Scope R_scope.

#[local] Existing Instance fmt_valid.

Definition Binf : f64 := B754_infinity false.
Definition Bminf : f64 := B754_infinity true.

(** ** Real numbers and float ends *)
Definition above (x : f64) (r : R) : Prop := is_nan x = false /\ upper x r.
Definition below (x : f64) (r : R) : Prop := is_nan x = false /\ lower x r.

Record itv := Itv { lo : f64; hi : f64 }.
Definition contains (X : itv) (x : R) : Prop := below (lo X) x /\ above (hi X) x.

Theorem contains_finite X x :
  is_finite (lo X) = true -> is_finite (hi X) = true ->
  (contains X x <-> B2R (lo X) <= x <= B2R (hi X)).
Proof.
  intros Fl Fh.
  assert (Nan : forall z : f64, is_finite z = true -> is_nan z = false) by (intros [| | |]; easy).
  split.
  - intros [[_ Hl] [_ Hh]]. split; [apply lower_sound | apply upper_sound]; assumption.
  - intros [Hl Hh]. split; split; try (apply Nan; assumption).
    + unfold lower. apply upper_finite; [now rewrite is_finite_Bopp|]. rewrite B2R_Bopp. lra.
    + apply upper_finite; assumption.
Qed.

Definition up (x : f64) : f64 := if is_nan x then Binf else next_up x.
Definition down (x : f64) : f64 := if is_nan x then Bminf else next_down x.

Lemma up_above z r : upper (next_up z) r -> above (up z) r.
Proof.
  intros H. unfold up. destruct (is_nan z) eqn:N; split; try reflexivity; [|exact H].
  unfold next_up. rewrite is_nan_Bsucc. exact N.
Qed.

Lemma down_below z r : lower (next_down z) r -> below (down z) r.
Proof.
  intros H. unfold down. destruct (is_nan z) eqn:N; split; try reflexivity; [|exact H].
  unfold next_down. rewrite is_nan_Bpred. exact N.
Qed.

Lemma lower_le x r s : r <= s -> lower x r -> lower x s.
Proof. intros H. unfold lower. apply upper_le. lra. Qed.

Lemma lower_finite x r : is_finite x = true -> (lower x r <-> B2R x <= r).
Proof.
  intros F. unfold lower. rewrite upper_finite by now rewrite is_finite_Bopp.
  rewrite B2R_Bopp. split; lra.
Qed.

Lemma pos_finite_gt0 m e (H : SpecFloat.bounded prec emax m e = true) :
  0 < B2R (B754_finite false m e H).
Proof. apply F2R_gt_0; easy. Qed.

(** The order of the floats, embedded into the reals. *)
Definition ord (x : f64) : R :=
  match x with
  | B754_infinity s => if s then - bpow radix2 emax else bpow radix2 emax
  | _ => B2R x
  end.

Lemma ord_finite x : is_finite x = true -> ord x = B2R x.
Proof. now destruct x. Qed.

Lemma ord_bound x : is_finite x = true -> - bpow radix2 emax < B2R x < bpow radix2 emax.
Proof.
  intros _. generalize (abs_B2R_lt_emax prec emax x). intros H. apply Rabs_def2 in H. lra.
Qed.

Lemma Bleb_ord x y : is_nan x = false -> is_nan y = false -> Bleb x y = Rle_bool (ord x) (ord y).
Proof.
  intros Nx Ny. assert (B := bpow_gt_0 radix2 emax).
  destruct (is_finite x) eqn:Fx, (is_finite y) eqn:Fy.
  - rewrite !ord_finite by assumption. now apply Bleb_correct.
  - generalize (ord_bound x Fx). rewrite (ord_finite x Fx). intros Hx.
    destruct y as [|[|]| |]; try discriminate; destruct x as [s|[|]| |[|] m e H]; try discriminate;
      cbn [ord]; symmetry; (apply Rle_bool_true || apply Rle_bool_false); cbn [SpecFloat.SFleb] in *; lra.
  - generalize (ord_bound y Fy). rewrite (ord_finite y Fy). intros Hy.
    destruct x as [|[|]| |]; try discriminate; destruct y as [s|[|]| |[|] m e H]; try discriminate;
      cbn [ord]; symmetry; (apply Rle_bool_true || apply Rle_bool_false); cbn [SpecFloat.SFleb] in *; lra.
  - destruct x as [|[|]| |]; try discriminate; destruct y as [|[|]| |]; try discriminate;
      cbn [ord]; symmetry; (apply Rle_bool_true || apply Rle_bool_false); lra.
Qed.

Lemma Bltb_ord x y : is_nan x = false -> is_nan y = false -> Bltb x y = Rlt_bool (ord x) (ord y).
Proof.
  intros Nx Ny. assert (B := bpow_gt_0 radix2 emax).
  destruct (is_finite x) eqn:Fx, (is_finite y) eqn:Fy.
  - rewrite !ord_finite by assumption. now apply Bltb_correct.
  - generalize (ord_bound x Fx). rewrite (ord_finite x Fx). intros Hx.
    destruct y as [|[|]| |]; try discriminate; destruct x as [s|[|]| |[|] m e H]; try discriminate;
      cbn [ord]; symmetry; (apply Rlt_bool_true || apply Rlt_bool_false); cbn [SpecFloat.SFleb] in *; lra.
  - generalize (ord_bound y Fy). rewrite (ord_finite y Fy). intros Hy.
    destruct x as [|[|]| |]; try discriminate; destruct y as [s|[|]| |[|] m e H]; try discriminate;
      cbn [ord]; symmetry; (apply Rlt_bool_true || apply Rlt_bool_false); cbn [SpecFloat.SFleb] in *; lra.
  - destruct x as [|[|]| |]; try discriminate; destruct y as [|[|]| |]; try discriminate;
      cbn [ord]; symmetry; (apply Rlt_bool_true || apply Rlt_bool_false); lra.
Qed.

Lemma upper_ord x y r : is_nan y = false -> ord x <= ord y -> above x r -> above y r.
Proof.
  intros Ny H [Nx Hx]. split; [exact Ny|].
  destruct (is_finite x) eqn:Fx.
  - apply upper_finite in Hx; [|exact Fx]. rewrite (ord_finite x Fx) in H.
    destruct (is_finite y) eqn:Fy.
    + apply upper_finite; [exact Fy|]. rewrite (ord_finite y Fy) in H. lra.
    + destruct y as [|[|]| |]; try discriminate; [|reflexivity].
      generalize (ord_bound x Fx). cbn [ord] in H. lra.
  - destruct x as [|[|]| |]; try discriminate.
    destruct (is_finite y) eqn:Fy.
    + generalize (ord_bound y Fy). rewrite (ord_finite y Fy) in H. cbn [ord] in H. lra.
    + destruct y as [|[|]| |]; try discriminate; [|reflexivity].
      generalize (bpow_gt_0 radix2 emax). cbn [ord] in H. lra.
Qed.

Lemma ord_opp x : ord (Bopp x) = - ord x.
Proof.
  destruct x as [s|[|]| |s m e H]; cbn [ord Bopp negb]; try ring.
  - simpl. ring.
  - simpl. ring.
  - exact (B2R_Bopp prec emax (B754_finite s m e H)).
Qed.

Lemma below_opp x r : below x r <-> above (Bopp x) (- r).
Proof. unfold below, above, lower. rewrite is_nan_Bopp. tauto. Qed.

Lemma above_opp x r : above x r <-> below (Bopp x) (- r).
Proof. rewrite below_opp, Bopp_involutive, Ropp_involutive. tauto. Qed.

Lemma lower_ord x y r : is_nan y = false -> ord y <= ord x -> below x r -> below y r.
Proof.
  intros Ny H. rewrite !below_opp. apply upper_ord; [now rewrite is_nan_Bopp|].
  rewrite !ord_opp. lra.
Qed.

(** ** Maximum and minimum as f64::max and f64::min *)
Definition fmax (x y : f64) : f64 :=
  if is_nan x then y else if is_nan y then x else if Bltb x y then y else x.
Definition fmin (x y : f64) : f64 :=
  if is_nan x then y else if is_nan y then x else if Bltb y x then y else x.

Lemma fmax_spec x y : is_nan x = false -> is_nan y = false ->
  is_nan (fmax x y) = false /\ ord (fmax x y) = Rmax (ord x) (ord y).
Proof.
  intros Nx Ny. unfold fmax. rewrite Nx, Ny, Bltb_ord by assumption.
  case Rlt_bool_spec; intros H; split; auto; symmetry; [apply Rmax_right | apply Rmax_left]; lra.
Qed.

Lemma fmin_spec x y : is_nan x = false -> is_nan y = false ->
  is_nan (fmin x y) = false /\ ord (fmin x y) = Rmin (ord x) (ord y).
Proof.
  intros Nx Ny. unfold fmin. rewrite Nx, Ny, Bltb_ord by assumption.
  case Rlt_bool_spec; intros H; split; auto; symmetry; [apply Rmin_right | apply Rmin_left]; lra.
Qed.

Lemma above_max_l x y r : is_nan y = false -> above x r -> above (fmax x y) r.
Proof.
  intros Ny Hx. destruct (fmax_spec x y (proj1 Hx) Ny) as [N E].
  apply (upper_ord x); auto. rewrite E. apply Rmax_l.
Qed.

Lemma above_max_r x y r : is_nan x = false -> above y r -> above (fmax x y) r.
Proof.
  intros Nx Hy. destruct (fmax_spec x y Nx (proj1 Hy)) as [N E].
  apply (upper_ord y); auto. rewrite E. apply Rmax_r.
Qed.

Lemma below_max x y r : below x r -> below y r -> below (fmax x y) r.
Proof.
  intros Hx Hy. unfold fmax. rewrite (proj1 Hx), (proj1 Hy). destruct Bltb; assumption.
Qed.

Lemma above_min x y r : above x r -> above y r -> above (fmin x y) r.
Proof.
  intros Hx Hy. unfold fmin. rewrite (proj1 Hx), (proj1 Hy). destruct Bltb; assumption.
Qed.

Lemma below_min_l x y r : is_nan y = false -> below x r -> below (fmin x y) r.
Proof.
  intros Ny Hx. destruct (fmin_spec x y (proj1 Hx) Ny) as [N E].
  apply (lower_ord x); auto. rewrite E. apply Rmin_l.
Qed.

Lemma below_min_r x y r : is_nan x = false -> below y r -> below (fmin x y) r.
Proof.
  intros Nx Hy. destruct (fmin_spec x y Nx (proj1 Hy)) as [N E].
  apply (lower_ord y); auto. rewrite E. apply Rmin_r.
Qed.

Lemma below_zero r : 0 <= r -> below Bzero r.
Proof. intros H. split; [reflexivity|]. unfold lower; simpl. lra. Qed.

Lemma above_zero r : r <= 0 -> above Bzero r.
Proof. intros H. split; [reflexivity|]. simpl. lra. Qed.

(** ** Points, negation, sums *)
Definition ipoint (x : f64) : itv := if is_nan x then Itv Bminf Binf else Itv x x.
Definition ineg (X : itv) : itv := Itv (Bopp (hi X)) (Bopp (lo X)).
Definition iadd (X Y : itv) : itv := Itv (down (fadd (lo X) (lo Y))) (up (fadd (hi X) (hi Y))).
Definition isub (X Y : itv) : itv := iadd X (ineg Y).
Definition izero : itv := Itv Bzero Bzero.
Definition isum (l : list itv) : itv := fold_left iadd l izero.
Definition inonneg (X : itv) : itv := Itv (fmax (lo X) Bzero) (fmax (hi X) Bzero).
Definition imax (X Y : itv) : itv := Itv (fmax (lo X) (lo Y)) (fmax (hi X) (hi Y)).
Definition imin (X Y : itv) : itv := Itv (fmin (lo X) (lo Y)) (fmin (hi X) (hi Y)).

Theorem ipoint_sound x : is_finite x = true -> contains (ipoint x) (B2R x).
Proof.
  intros F. unfold ipoint. assert (N : is_nan x = false) by now destruct x.
  rewrite N. apply contains_finite; simpl; auto. lra.
Qed.

Theorem ineg_sound X x : contains X x -> contains (ineg X) (- x).
Proof. intros [Hl Hh]. split; simpl; [now apply above_opp in Hh | now apply below_opp in Hl]. Qed.

Theorem iadd_sound X Y x y : contains X x -> contains Y y -> contains (iadd X Y) (x + y).
Proof.
  intros [[_ Xl] [_ Xh]] [[_ Yl] [_ Yh]]. split; simpl.
  - apply down_below. now apply add_down_sound.
  - apply up_above. now apply add_up_sound.
Qed.

Theorem isub_sound X Y x y : contains X x -> contains Y y -> contains (isub X Y) (x - y).
Proof. intros HX HY. apply iadd_sound; [exact HX | apply ineg_sound, HY]. Qed.

Lemma izero_sound : contains izero 0.
Proof. split; [apply below_zero | apply above_zero]; lra. Qed.

Theorem isum_sound l rs : Forall2 contains l rs -> contains (isum l) (fold_right Rplus 0 rs).
Proof.
  intros H. unfold isum.
  assert (G : forall A a, contains A a -> contains (fold_left iadd l A) (a + fold_right Rplus 0 rs)).
  { induction H as [|X x l rs Hx _ IH]; intros A a HA; simpl; [now rewrite Rplus_0_r|].
    rewrite <- Rplus_assoc. now apply IH, iadd_sound. }
  rewrite <- (Rplus_0_l (fold_right _ _ _)). apply G, izero_sound.
Qed.

Theorem inonneg_sound X x : contains X x -> contains (inonneg X) (Rmax x 0).
Proof.
  intros [Hl Hh]. split; simpl.
  - apply below_max; [|apply below_zero, Rmax_r].
    split; [apply Hl|]. apply (lower_le _ x); [apply Rmax_l | apply Hl].
  - destruct (Rle_dec x 0) as [H|H].
    + rewrite Rmax_right by exact H. apply above_max_r; [apply Hh | apply above_zero; lra].
    + rewrite Rmax_left by lra. now apply above_max_l.
Qed.

Theorem imax_sound X Y x y : contains X x -> contains Y y -> contains (imax X Y) (Rmax x y).
Proof.
  intros [Xl Xh] [Yl Yh]. split; simpl.
  - apply below_max.
    + split; [apply Xl|]. apply (lower_le _ x); [apply Rmax_l | apply Xl].
    + split; [apply Yl|]. apply (lower_le _ y); [apply Rmax_r | apply Yl].
  - destruct (Rle_dec x y) as [H|H].
    + rewrite Rmax_right by exact H. apply above_max_r; [apply Xh | exact Yh].
    + rewrite Rmax_left by lra. apply above_max_l; [apply Yh | exact Xh].
Qed.

Theorem imin_sound X Y x y : contains X x -> contains Y y -> contains (imin X Y) (Rmin x y).
Proof.
  intros [Xl Xh] [Yl Yh]. split; simpl.
  - destruct (Rle_dec x y) as [H|H].
    + rewrite Rmin_left by exact H. apply below_min_l; [apply Yl | exact Xl].
    + rewrite Rmin_right by lra. apply below_min_r; [apply Xl | exact Yl].
  - apply above_min.
    + split; [apply Xh|]. apply (upper_le _ x); [apply Rmin_l | apply Xh].
    + split; [apply Yh|]. apply (upper_le _ y); [apply Rmin_r | apply Yh].
Qed.

(** x with |error| <= radius: Rust's [Interval::around]. *)
Definition iaround (x r : f64) : itv :=
  if is_nan x || is_nan r then Itv Bminf Binf
  else iadd (ipoint x) (Itv (Bopp (Babs r)) (Babs r)).

Lemma ientire_sound x : contains (Itv Bminf Binf) x.
Proof. split; split; reflexivity. Qed.

Theorem iaround_sound x r y : is_finite x = true -> (is_finite r = true -> Rabs (y - B2R x) <= Rabs (B2R r)) ->
  contains (iaround x r) y.
Proof.
  intros Fx H. unfold iaround.
  assert (Nx : is_nan x = false) by now destruct x. rewrite Nx. simpl.
  destruct (is_nan r) eqn:Nr; [apply ientire_sound|].
  replace y with (B2R x + (y - B2R x)) by ring.
  apply iadd_sound; [now apply ipoint_sound|].
  destruct (is_finite r) eqn:Fr.
  - assert (Hr := H eq_refl).
    apply contains_finite; simpl; rewrite ?is_finite_Bopp, ?is_finite_Babs; auto.
    rewrite B2R_Bopp, B2R_Babs. split; [apply Rabs_le_inv in Hr | apply Rabs_le_inv in Hr]; lra.
  - destruct r as [|s| |]; try discriminate. split; split; reflexivity.
Qed.

(** ** Comparisons with zero *)
Definition ge0 (x : f64) : bool := Bleb Bzero x.
Definition gt0 (x : f64) : bool := Bltb Bzero x.
Definition le0 (x : f64) : bool := Bleb x Bzero.
Definition eq0 (x : f64) : bool := Beqb x Bzero.

Lemma ge0_ord x : is_nan x = false -> ge0 x = true -> 0 <= ord x.
Proof. intros N. unfold ge0. rewrite Bleb_ord by easy. simpl. now case Rle_bool_spec. Qed.
Lemma ge0_ord_false x : is_nan x = false -> ge0 x = false -> ord x < 0.
Proof. intros N. unfold ge0. rewrite Bleb_ord by easy. simpl. now case Rle_bool_spec. Qed.
Lemma le0_ord x : is_nan x = false -> le0 x = true -> ord x <= 0.
Proof. intros N. unfold le0. rewrite Bleb_ord by easy. simpl. now case Rle_bool_spec. Qed.
Lemma le0_ord_false x : is_nan x = false -> le0 x = false -> 0 < ord x.
Proof. intros N. unfold le0. rewrite Bleb_ord by easy. simpl. now case Rle_bool_spec. Qed.
Lemma gt0_ord x : is_nan x = false -> gt0 x = true -> 0 < ord x.
Proof. intros N. unfold gt0. rewrite Bltb_ord by easy. simpl. now case Rlt_bool_spec. Qed.
Lemma eq0_ord x : eq0 x = true -> is_finite x = true /\ B2R x = 0.
Proof. destruct x as [s|[|]| |[|] m e H]; try easy. Qed.

Lemma below_ge0 x r : below x r -> 0 <= ord x -> 0 <= r.
Proof.
  intros [N H] O. destruct (is_finite x) eqn:F.
  - apply lower_finite in H; [|exact F]. rewrite ord_finite in O by exact F. lra.
  - assert (B := bpow_gt_0 radix2 emax). destruct x as [|[|]| |]; try discriminate; try easy.
    cbn [ord] in O. lra.
Qed.
Lemma below_gt0 x r : below x r -> 0 < ord x -> 0 < r.
Proof.
  intros [N H] O. destruct (is_finite x) eqn:F.
  - apply lower_finite in H; [|exact F]. rewrite ord_finite in O by exact F. lra.
  - assert (B := bpow_gt_0 radix2 emax). destruct x as [|[|]| |]; try discriminate; try easy.
    cbn [ord] in O. lra.
Qed.
Lemma above_le0 x r : above x r -> ord x <= 0 -> r <= 0.
Proof.
  intros H O. apply above_opp in H. assert (0 <= - r); [|lra].
  apply (below_ge0 _ _ H). rewrite ord_opp. lra.
Qed.
Lemma above_lt0 x r : above x r -> ord x < 0 -> r < 0.
Proof.
  intros H O. apply above_opp in H. assert (0 < - r); [|lra].
  apply (below_gt0 _ _ H). rewrite ord_opp. lra.
Qed.

(** ** Absolute value, square, square root *)
Definition iabs (X : itv) : itv :=
  if ge0 (lo X) then X else if le0 (hi X) then ineg X
  else Itv Bzero (fmax (hi X) (Bopp (lo X))).
Definition isquare (X : itv) : itv :=
  let a := iabs X in
  Itv (fmax (down (fmul (lo a) (lo a))) Bzero) (up (fmul (hi a) (hi a))).
Definition isqrt (X : itv) : itv :=
  let s := inonneg X in
  Itv (fmax (down (Bsqrt mode_NE (lo s))) Bzero) (up (Bsqrt mode_NE (hi s))).

Theorem iabs_sound X x : contains X x -> contains (iabs X) (Rabs x).
Proof.
  intros [Hl Hh]. unfold iabs.
  destruct (ge0 (lo X)) eqn:G.
  { rewrite Rabs_pos_eq; [now split|].
    apply (below_ge0 _ _ Hl), ge0_ord; [apply Hl | exact G]. }
  destruct (le0 (hi X)) eqn:L.
  { rewrite Rabs_left1; [apply ineg_sound; now split|].
    apply (above_le0 _ _ Hh), le0_ord; [apply Hh | exact L]. }
  split; simpl; [apply below_zero, Rabs_pos|].
  apply below_opp in Hl.
  destruct (Rle_dec 0 x).
  - rewrite Rabs_pos_eq by assumption. apply above_max_l; [apply Hl | exact Hh].
  - rewrite Rabs_left1 by lra. apply above_max_r; [apply Hh | exact Hl].
Qed.

Lemma iabs_lo X x : contains X x -> is_nan (lo (iabs X)) = false /\ 0 <= ord (lo (iabs X)).
Proof.
  intros HX. split; [apply (proj1 (iabs_sound X x HX))|]. destruct HX as [Hl Hh]. unfold iabs.
  destruct (ge0 (lo X)) eqn:G; [apply ge0_ord; [apply Hl | exact G]|].
  destruct (le0 (hi X)) eqn:L; [|simpl; lra].
  simpl. rewrite ord_opp. generalize (le0_ord _ (proj1 Hh) L). lra.
Qed.

Lemma mul_down_nonneg a b x y : 0 <= ord a -> 0 <= ord b -> below a x -> below b y ->
  below (down (fmul a b)) (x * y).
Proof.
  intros a0 b0 [Na Ha] [Nb Hb]. apply down_below.
  destruct (is_finite a) eqn:Fa.
  2:{ destruct a as [|[|]| |]; try discriminate; try easy.
      cbn [ord] in a0. generalize (bpow_gt_0 radix2 emax). lra. }
  destruct (is_finite b) eqn:Fb.
  2:{ destruct b as [|[|]| |]; try discriminate; try easy.
      cbn [ord] in b0. generalize (bpow_gt_0 radix2 emax). lra. }
  rewrite ord_finite in a0, b0 by assumption. apply lower_finite in Ha, Hb; try assumption.
  apply (lower_le _ (B2R a * B2R b)).
  - apply Rmult_le_compat; assumption.
  - now apply mul_down_point.
Qed.

Theorem isquare_sound X x : contains X x -> contains (isquare X) (x * x).
Proof.
  intros HX. destruct (iabs_lo X x HX) as [N0 O0]. apply iabs_sound in HX. unfold isquare.
  set (a := iabs X) in *. destruct HX as [Hl Hh].
  replace (x * x) with (Rabs x * Rabs x) by (rewrite <- Rabs_mult; apply Rabs_pos_eq, Rle_0_sqr).
  assert (P := Rabs_pos x). split; simpl.
  - apply below_max; [now apply mul_down_nonneg | apply below_zero; nra].
  - apply up_above. apply (mul_up_sound (hi a) (hi a)); try assumption; apply Hh.
Qed.

Theorem isqrt_sound X x : contains X x -> contains (isqrt X) (sqrt x).
Proof.
  intros HX. apply inonneg_sound in HX. unfold isqrt. set (s := inonneg X) in *.
  replace (sqrt x) with (sqrt (Rmax x 0)).
  2:{ destruct (Rle_dec x 0); [rewrite Rmax_right by assumption; rewrite sqrt_0 | rewrite Rmax_left by lra; reflexivity].
      symmetry. now apply sqrt_neg_0. }
  assert (P := Rmax_r x 0). set (y := Rmax x 0) in *. clearbody s y.
  destruct HX as [[Nl Hl] [Nh Hh]]. split; simpl.
  - apply below_max; [|apply below_zero, sqrt_pos]. apply down_below.
    destruct (@Bsqrt_correct prec emax _ _ mode_NE (lo s)) as [HR [HF _]].
    destruct (lo s) as [z|[|]| |[|] m e Hb] eqn:E; try easy.
    + apply (lower_le _ (sqrt (B2R (B754_zero z)))).
      * apply lower_finite in Hl; [|reflexivity]. now apply sqrt_le_1_alt.
      * apply pred_rounds_lower, finite_rounds; [exact HF | exact HR].
    + apply (lower_le _ (sqrt (B2R (B754_finite false m e Hb)))).
      * apply lower_finite in Hl; [|reflexivity]. now apply sqrt_le_1_alt.
      * apply pred_rounds_lower, finite_rounds; [exact HF | exact HR].
  - apply up_above. now apply sqrt_up_sound.
Qed.

(** ** Products of any signs *)
Definition product (a b : f64) : f64 := if eq0 a || eq0 b then Bzero else fmul a b.
Definition least (p q r s : f64) : f64 := fmin (fmin (fmin (fmin Binf p) q) r) s.
Definition most (p q r s : f64) : f64 := fmax (fmax (fmax (fmax Bminf p) q) r) s.
Definition imul (X Y : itv) : itv :=
  let p := product (lo X) (lo Y) in let q := product (lo X) (hi Y) in
  let r := product (hi X) (lo Y) in let s := product (hi X) (hi Y) in
  if (eq0 (lo X) && eq0 (hi X)) || (eq0 (lo Y) && eq0 (hi Y)) then izero
  else
    let l := down (least p q r s) in
    Itv (if ge0 (lo X) && ge0 (lo Y) then fmax l Bzero else l) (up (most p q r s)).

Lemma rounds_not_nan z r : rounds z r -> is_nan z = false.
Proof. unfold rounds. case Rlt_bool; [intros [_ F]; now destruct z | now intros ->]. Qed.

Lemma rounds_zero : rounds Bzero 0.
Proof. apply finite_rounds; [reflexivity|]. unfold rnd. rewrite round_0; [reflexivity | apply valid_rnd_N]. Qed.

Lemma product_rounds a b : is_finite a = true -> is_finite b = true ->
  rounds (product a b) (B2R a * B2R b).
Proof.
  intros Fa Fb. unfold product.
  destruct (eq0 a) eqn:Ea; simpl.
  { rewrite (proj2 (eq0_ord a Ea)), Rmult_0_l. apply rounds_zero. }
  destruct (eq0 b) eqn:Eb; simpl.
  { rewrite (proj2 (eq0_ord b Eb)), Rmult_0_r. apply rounds_zero. }
  now apply fmul_rounds.
Qed.

Lemma product_not_nan a b : is_nan a = false -> is_nan b = false -> is_nan (product a b) = false.
Proof.
  intros Na Nb. destruct (is_finite a) eqn:Fa, (is_finite b) eqn:Fb.
  - apply (rounds_not_nan _ _ (product_rounds a b Fa Fb)).
  - destruct a as [s|s| |s m e H], b as [t|t| |t m' e' H']; try discriminate; try reflexivity;
      destruct s, t; reflexivity.
  - destruct a as [s|s| |s m e H], b as [t|t| |t m' e' H']; try discriminate; try reflexivity;
      destruct s, t; reflexivity.
  - destruct a as [s|s| |s m e H], b as [t|t| |t m' e' H']; try discriminate; try reflexivity;
      destruct s, t; reflexivity.
Qed.

(** [z] moved outwards is an upper (lower) bound of [r]. *)
Definition tops (z : f64) (r : R) := above (up z) r.
Definition bottoms (z : f64) (r : R) := below (down z) r.

Lemma rounds_tops z r s : s <= r -> rounds z r -> tops z s.
Proof. intros H R. apply up_above. apply (upper_le _ r); [exact H|]. now apply succ_rounds_upper. Qed.
Lemma rounds_bottoms z r s : r <= s -> rounds z r -> bottoms z s.
Proof. intros H R. apply down_below. apply (lower_le _ r); [exact H|]. now apply pred_rounds_lower. Qed.

Lemma tops_zero r : r <= 0 -> tops Bzero r.
Proof. intros H. exact (rounds_tops _ 0 _ H rounds_zero). Qed.
Lemma bottoms_zero r : 0 <= r -> bottoms Bzero r.
Proof. intros H. exact (rounds_bottoms _ 0 _ H rounds_zero). Qed.
Lemma tops_inf r : tops Binf r.
Proof. split; reflexivity. Qed.
Lemma bottoms_minf r : bottoms Bminf r.
Proof. split; reflexivity. Qed.

Lemma up_ord_le x y : is_nan x = false -> is_nan y = false -> ord x <= ord y -> ord (up x) <= ord (up y).
Proof.
  intros Nx Ny H. unfold up. rewrite Nx, Ny. unfold next_up.
  assert (B := bpow_gt_0 radix2 emax).
  assert (M : ord (Bsucc Bminf) = - B2R (@Bmax_float prec emax _ _)).
  { change (ord (Bopp (@Bmax_float prec emax _ _)) = - B2R (@Bmax_float prec emax _ _)).
    rewrite ord_opp. reflexivity. }
  assert (I : forall z : f64, is_finite z = true -> ord z <= ord (Bsucc z)).
  { intros z F. generalize (@Bsucc_correct prec emax _ _ z F).
    case Rlt_bool_spec; intros _.
    - intros [HR [HF _]]. rewrite !ord_finite by assumption. rewrite HR. apply succ_ge_id.
    - intros E. apply B2SF_infinity in E. rewrite E, (ord_finite z F). cbn [ord].
      generalize (ord_bound z F). lra. }
  assert (T : forall z : f64, is_nan z = false -> ord z <= bpow radix2 emax).
  { intros z N. destruct (is_finite z) eqn:F.
    - rewrite ord_finite by exact F. generalize (ord_bound z F). lra.
    - destruct z as [|[|]| |]; try discriminate; cbn [ord]; lra. }
  assert (L : forall z : f64, is_finite z = true -> - B2R (@Bmax_float prec emax _ _) <= B2R z).
  { intros z F. assert (A := abs_B2R_le_emax_minus_prec prec emax _ z). apply Rabs_le_inv in A.
    assert (EM : B2R (@Bmax_float prec emax _ _) = bpow radix2 emax - bpow radix2 (emax - prec)).
    { change (9007199254740991 * bpow radix2 971 = bpow radix2 (53 + 971) - bpow radix2 971).
      rewrite bpow_plus. change (bpow radix2 53) with 9007199254740992. ring. }
    rewrite EM. lra. }
  destruct (is_finite y) eqn:Fy.
  - destruct (is_finite x) eqn:Fx.
    + rewrite !ord_finite in H by assumption.
      generalize (@Bsucc_correct prec emax _ _ y Fy). case Rlt_bool_spec; intros Hy.
      * intros [HR [HF _]]. rewrite (ord_finite (Bsucc y) HF), HR.
        generalize (@Bsucc_correct prec emax _ _ x Fx).
        assert (S : succ radix2 (SpecFloat.fexp prec emax) (B2R x) <= succ radix2 (SpecFloat.fexp prec emax) (B2R y)).
        { rewrite fexpE. apply succ_le; [exact fmt_valid | apply B2R_F64 | apply B2R_F64 | exact H]. }
        rewrite Rlt_bool_true by lra.
        intros [HR' [HF' _]]. rewrite (ord_finite _ HF'), HR'. exact S.
      * intros E. apply B2SF_infinity in E. rewrite E. apply T.
        rewrite is_nan_Bsucc. exact Nx.
    + destruct x as [|[|]| |]; try discriminate.
      * fold Bminf. rewrite M. apply Rle_trans with (ord y); [|now apply I].
        rewrite (ord_finite y Fy). now apply L.
      * exfalso. rewrite (ord_finite y Fy) in H. cbn [ord] in H. generalize (ord_bound y Fy). lra.
  - destruct y as [|[|]| |]; try discriminate.
    + destruct (is_finite x) eqn:Fx.
      * exfalso. rewrite (ord_finite x Fx) in H. cbn [ord] in H. generalize (ord_bound x Fx). lra.
      * destruct x as [|[|]| |]; try discriminate; [lra|]. cbn [ord] in H. lra.
    + apply T. rewrite is_nan_Bsucc. exact Nx.
Qed.

Lemma tops_ord x y r : is_nan x = false -> is_nan y = false -> ord x <= ord y -> tops x r -> tops y r.
Proof.
  intros Nx Ny H. apply upper_ord; [|now apply up_ord_le].
  unfold up. rewrite Ny. unfold next_up. now rewrite is_nan_Bsucc.
Qed.

Lemma bottoms_opp z r : is_nan z = false -> (bottoms z r <-> tops (Bopp z) (- r)).
Proof.
  intros N. unfold bottoms, tops, up, down. rewrite is_nan_Bopp, N. rewrite below_opp.
  unfold next_down, next_up, Bpred. rewrite Bopp_involutive. tauto.
Qed.

Lemma bottoms_ord x y r : is_nan x = false -> is_nan y = false -> ord y <= ord x -> bottoms x r -> bottoms y r.
Proof.
  intros Nx Ny H. rewrite !bottoms_opp by assumption.
  apply tops_ord; rewrite ?is_nan_Bopp, ?ord_opp; auto. lra.
Qed.

Lemma most_spec p q r s x :
  is_nan p = false -> is_nan q = false -> is_nan r = false -> is_nan s = false ->
  tops p x \/ tops q x \/ tops r x \/ tops s x -> tops (most p q r s) x.
Proof.
  intros Np Nq Nr Ns H. unfold most.
  destruct (fmax_spec Bminf p eq_refl Np) as [N1 E1].
  destruct (fmax_spec _ q N1 Nq) as [N2 E2].
  destruct (fmax_spec _ r N2 Nr) as [N3 E3].
  destruct (fmax_spec _ s N3 Ns) as [N4 E4].
  assert (A1 := Rmax_r (ord Bminf) (ord p)). rewrite <- E1 in A1.
  assert (A2 := Rmax_r (ord (fmax Bminf p)) (ord q)). assert (B2 := Rmax_l (ord (fmax Bminf p)) (ord q)).
  rewrite <- E2 in A2, B2.
  set (m2 := fmax (fmax Bminf p) q) in *.
  assert (A3 := Rmax_r (ord m2) (ord r)). assert (B3 := Rmax_l (ord m2) (ord r)). rewrite <- E3 in A3, B3.
  set (m3 := fmax m2 r) in *.
  assert (A4 := Rmax_r (ord m3) (ord s)). assert (B4 := Rmax_l (ord m3) (ord s)). rewrite <- E4 in A4, B4.
  destruct H as [H|[H|[H|H]]]; revert H; apply tops_ord; auto; lra.
Qed.

Lemma least_spec p q r s x :
  is_nan p = false -> is_nan q = false -> is_nan r = false -> is_nan s = false ->
  bottoms p x \/ bottoms q x \/ bottoms r x \/ bottoms s x -> bottoms (least p q r s) x.
Proof.
  intros Np Nq Nr Ns H. unfold least.
  destruct (fmin_spec Binf p eq_refl Np) as [N1 E1].
  destruct (fmin_spec _ q N1 Nq) as [N2 E2].
  destruct (fmin_spec _ r N2 Nr) as [N3 E3].
  destruct (fmin_spec _ s N3 Ns) as [N4 E4].
  assert (A1 := Rmin_r (ord Binf) (ord p)). rewrite <- E1 in A1.
  assert (A2 := Rmin_r (ord (fmin Binf p)) (ord q)). assert (B2 := Rmin_l (ord (fmin Binf p)) (ord q)).
  rewrite <- E2 in A2, B2.
  set (m2 := fmin (fmin Binf p) q) in *.
  assert (A3 := Rmin_r (ord m2) (ord r)). assert (B3 := Rmin_l (ord m2) (ord r)). rewrite <- E3 in A3, B3.
  set (m3 := fmin m2 r) in *.
  assert (A4 := Rmin_r (ord m3) (ord s)). assert (B4 := Rmin_l (ord m3) (ord s)). rewrite <- E4 in A4, B4.
  destruct H as [H|[H|[H|H]]]; revert H; apply bottoms_ord; auto; lra.
Qed.

(** The four corners that bound x y from above, and the four that bound it from below. *)
Ltac ends := repeat match goal with
  | H : above _ _ |- _ => destruct H
  | H : below _ _ |- _ => destruct H
  end.

Ltac finite_ends a b Fa Fb :=
  destruct (is_finite a) eqn:Fa, (is_finite b) eqn:Fb.

(** What a sign says about a finite float. *)
Ltac signs := repeat match goal with
  | H : context [B754_finite true ?m ?e ?P] |- _ =>
      lazymatch goal with
      | K : B2R (B754_finite true m e P) < 0 |- _ => fail
      | _ => assert (B2R (B754_finite true m e P) < 0) by apply neg_finite_lt0
      end
  | H : context [B754_finite false ?m ?e ?P] |- _ =>
      lazymatch goal with
      | K : 0 < B2R (B754_finite false m e P) |- _ => fail
      | _ => assert (0 < B2R (B754_finite false m e P)) by apply pos_finite_gt0
      end
  end.

Lemma B2R_zero s : B2R (B754_zero s : f64) = 0.
Proof. reflexivity. Qed.

(** An infinite end times a number of known sign. *)
Lemma product_inf_r s b : is_nan b = false ->
  (0 < ord b -> product (B754_infinity s) b = B754_infinity s) /\
  (ord b < 0 -> product (B754_infinity s) b = B754_infinity (negb s)) /\
  (ord b = 0 -> product (B754_infinity s) b = Bzero).
Proof.
  intros N. assert (P := bpow_gt_0 radix2 emax).
  destruct b as [t|[|]| |[|] m e H]; try discriminate; cbn [ord] in *; repeat split; intros K;
    try (rewrite B2R_zero in K); try (generalize (neg_finite_lt0 m e H)); try (generalize (pos_finite_gt0 m e H));
    try (intros; exfalso; lra); destruct s; try reflexivity; try (exfalso; lra).
Qed.

Lemma product_comm_inf a s : is_nan a = false ->
  product a (B754_infinity s) = product (B754_infinity s) a.
Proof. destruct a as [t|[|]| |[|] m e H], s; try discriminate; reflexivity. Qed.

Lemma ord_inf s : ord (B754_infinity s) = if s then - bpow radix2 emax else bpow radix2 emax.
Proof. reflexivity. Qed.

(** The end [a] is [x] or further out, so with a sign of [y] the product is. *)
Lemma corner_pp a b x y : above a x -> above b y -> 0 <= y -> 0 <= ord a -> tops (product a b) (x * y).
Proof.
  intros Ha Hb y0 a0. assert (P := bpow_gt_0 radix2 emax).
  assert (b0 : 0 <= ord b).
  { destruct (Rle_or_lt 0 (ord b)) as [H|H]; [exact H|]. generalize (above_lt0 _ _ Hb H). lra. }
  destruct Ha as [Na Ha], Hb as [Nb Hb].
  finite_ends a b Fa Fb.
  - apply upper_finite in Ha, Hb; try assumption. rewrite ord_finite in a0 by assumption.
    apply (rounds_tops _ (B2R a * B2R b)); [|now apply product_rounds].
    apply Rle_trans with (B2R a * y); [apply Rmult_le_compat_r | apply Rmult_le_compat_l]; assumption.
  - destruct b as [|[|]| |]; try discriminate. rewrite product_comm_inf by exact Na.
    destruct (product_inf_r false a Na) as [Hp [_ Hz]].
    destruct a0 as [a0|a0]; [rewrite Hp by exact a0; apply tops_inf|].
    rewrite Hz by now symmetry. apply tops_zero.
    apply upper_finite in Ha; [|exact Fa]. rewrite ord_finite in a0 by exact Fa. nra.
  - destruct a as [|[|]| |]; try discriminate.
    destruct (product_inf_r false b Nb) as [Hp [_ Hz]].
    destruct b0 as [b0|b0]; [rewrite Hp by exact b0; apply tops_inf|].
    rewrite Hz by now symmetry. apply tops_zero.
    apply upper_finite in Hb; [|exact Fb]. rewrite ord_finite in b0 by exact Fb.
    replace y with 0 by lra. lra.
  - destruct a as [|[|]| |]; try discriminate. destruct b as [|[|]| |]; try discriminate.
    apply tops_inf.
Qed.

Lemma corner_np a b x y : above a x -> below b y -> 0 <= y -> ord a < 0 -> tops (product a b) (x * y).
Proof.
  intros Ha Hb y0 a0. assert (P := bpow_gt_0 radix2 emax).
  destruct Ha as [Na Ha], Hb as [Nb Hb].
  finite_ends a b Fa Fb.
  - apply upper_finite in Ha; try assumption. apply lower_finite in Hb; try assumption.
    rewrite ord_finite in a0 by assumption.
    apply (rounds_tops _ (B2R a * B2R b)); [|now apply product_rounds]. nra.
  - destruct b as [|[|]| |]; try discriminate. rewrite product_comm_inf by exact Na.
    destruct (product_inf_r true a Na) as [_ [Hn _]]. rewrite Hn by exact a0. apply tops_inf.
  - destruct a as [|[|]| |]; try discriminate. rewrite ord_inf in a0. lra.
  - destruct a as [|[|]| |]; try discriminate. rewrite ord_inf in a0. lra.
Qed.

Lemma product_opp_tops a b r : is_nan a = false -> is_nan b = false ->
  tops (product (Bopp a) (Bopp b)) r -> tops (product a b) r.
Proof.
  intros Na Nb. assert (Na' : is_nan (Bopp a) = false) by now rewrite is_nan_Bopp.
  assert (Nb' : is_nan (Bopp b) = false) by now rewrite is_nan_Bopp.
  apply tops_ord; try now apply product_not_nan.
  right.
  destruct (is_finite a) eqn:Fa, (is_finite b) eqn:Fb.
  - assert (R1 := product_rounds a b Fa Fb).
    assert (R2 := product_rounds (Bopp a) (Bopp b)). rewrite !is_finite_Bopp, !B2R_Bopp in R2.
    specialize (R2 Fa Fb). replace (- B2R a * - B2R b) with (B2R a * B2R b) in R2 by ring.
    revert R1 R2. unfold rounds. case Rlt_bool.
    + intros [E1 F1] [E2 F2]. rewrite !ord_finite by assumption. congruence.
    + intros -> ->. reflexivity.
  - destruct a as [s|s| |s m e H], b as [t|t| |t m' e' H']; try discriminate; destruct s, t; reflexivity.
  - destruct a as [s|s| |s m e H], b as [t|t| |t m' e' H']; try discriminate; destruct s, t; reflexivity.
  - destruct a as [s|s| |s m e H], b as [t|t| |t m' e' H']; try discriminate; destruct s, t; reflexivity.
Qed.

Lemma product_opp_bottoms a b r : is_nan a = false -> is_nan b = false ->
  tops (product (Bopp a) b) (- r) -> bottoms (product a b) r.
Proof.
  intros Na Nb. assert (Na' : is_nan (Bopp a) = false) by now rewrite is_nan_Bopp.
  assert (Np := product_not_nan a b Na Nb).
  rewrite bottoms_opp by exact Np.
  apply tops_ord; try rewrite is_nan_Bopp; try now apply product_not_nan.
  right.
  destruct (is_finite a) eqn:Fa, (is_finite b) eqn:Fb.
  - assert (R1 := rounds_opp _ _ (product_rounds a b Fa Fb)).
    assert (R2 := product_rounds (Bopp a) b). rewrite !is_finite_Bopp, !B2R_Bopp in R2.
    specialize (R2 Fa Fb). replace (- B2R a * B2R b) with (- (B2R a * B2R b)) in R2 by ring.
    revert R1 R2. unfold rounds. case Rlt_bool.
    + intros [E1 F1] [E2 F2]. rewrite !ord_finite by assumption. congruence.
    + intros -> ->. reflexivity.
  - destruct a as [s|s| |s m e H], b as [t|t| |t m' e' H']; try discriminate; destruct s, t; reflexivity.
  - destruct a as [s|s| |s m e H], b as [t|t| |t m' e' H']; try discriminate; destruct s, t; reflexivity.
  - destruct a as [s|s| |s m e H], b as [t|t| |t m' e' H']; try discriminate; destruct s, t; reflexivity.
Qed.

(** Some corner of [la, ha] x [lb, hb] bounds x y from above. *)
Lemma corners_above la ha lb hb x y :
  below la x -> above ha x -> below lb y -> above hb y ->
  tops (product la lb) (x * y) \/ tops (product la hb) (x * y) \/
  tops (product ha lb) (x * y) \/ tops (product ha hb) (x * y).
Proof.
  intros Hla Hha Hlb Hhb.
  destruct (Rle_or_lt 0 y) as [y0|y0].
  - destruct (Rle_or_lt 0 (ord ha)) as [a0|a0].
    + right; right; right. now apply corner_pp.
    + right; right; left. now apply corner_np.
  - (* x y = (-x)(-y), with -x <= -la *)
    assert (Oa := ord_opp la).
    destruct (Rle_or_lt 0 (ord (Bopp la))) as [a0|a0].
    + left. apply product_opp_tops; [apply Hla | apply Hlb|].
      replace (x * y) with (- x * - y) by ring. apply corner_pp; try lra; now apply below_opp.
    + right; left. apply product_opp_tops; [apply Hla | apply Hhb|].
      replace (x * y) with (- x * - y) by ring.
      apply corner_np; try lra; [now apply below_opp | now apply above_opp].
Qed.

Lemma corners_below la ha lb hb x y :
  below la x -> above ha x -> below lb y -> above hb y ->
  bottoms (product la lb) (x * y) \/ bottoms (product la hb) (x * y) \/
  bottoms (product ha lb) (x * y) \/ bottoms (product ha hb) (x * y).
Proof.
  intros Hla Hha Hlb Hhb.
  destruct (corners_above (Bopp ha) (Bopp la) lb hb (- x) y) as [H|[H|[H|H]]];
    try assumption; try (now apply below_opp); try (now apply above_opp);
    replace (- x * y) with (- (x * y)) in H by ring;
    apply product_opp_bottoms in H; try apply Hla; try apply Hha; try apply Hlb; try apply Hhb; tauto.
Qed.

Theorem imul_sound X Y x y : contains X x -> contains Y y -> contains (imul X Y) (x * y).
Proof.
  intros [Xl Xh] [Yl Yh]. unfold imul.
  case_eq (eq0 (lo X) && eq0 (hi X) || eq0 (lo Y) && eq0 (hi Y)).
  { intros Z. replace (x * y) with 0; [apply izero_sound|].
    assert (G : forall a b r, below a r -> above b r -> eq0 a && eq0 b = true -> r = 0).
    { intros a b r [_ Ha] [_ Hb] E. apply andb_prop in E. destruct E as [Ea Eb].
      apply eq0_ord in Ea, Eb. apply lower_finite in Ha; [|apply Ea]. apply upper_finite in Hb; [|apply Eb]. lra. }
    apply orb_prop in Z. destruct Z as [Z|Z]; [rewrite (G _ _ x Xl Xh Z) | rewrite (G _ _ y Yl Yh Z)]; ring. }
  intros _.
  assert (Nx := proj1 Xl). assert (Nx' := proj1 Xh). assert (Ny := proj1 Yl). assert (Ny' := proj1 Yh).
  set (p := product (lo X) (lo Y)). set (q := product (lo X) (hi Y)).
  set (r := product (hi X) (lo Y)). set (s := product (hi X) (hi Y)).
  assert (B : below (down (least p q r s)) (x * y)).
  { apply least_spec; try (now apply product_not_nan). now apply corners_below. }
  split; cbn [lo hi].
  - destruct (ge0 (lo X) && ge0 (lo Y)) eqn:G; [|exact B].
    apply andb_prop in G. destruct G as [G1 G2].
    apply below_max; [exact B | apply below_zero].
    apply Rmult_le_pos; [apply (below_ge0 _ _ Xl), ge0_ord | apply (below_ge0 _ _ Yl), ge0_ord]; assumption.
  - apply most_spec; try (now apply product_not_nan). now apply corners_above.
Qed.

(** ** Quotients of any signs *)
Definition quotient (a b : f64) : f64 :=
  if eq0 a || (negb (is_finite b) && negb (is_nan b) && is_finite a) then Bzero else Bdiv mode_NE a b.
Definition idiv (X Y : itv) : itv :=
  if le0 (lo Y) && ge0 (hi Y) then
    if ge0 (lo X) && ge0 (lo Y) && gt0 (hi Y)
    then Itv (fmax (down (Bdiv mode_NE (lo X) (hi Y))) Bzero) Binf
    else Itv Bminf Binf
  else
    let p := quotient (lo X) (lo Y) in let q := quotient (lo X) (hi Y) in
    let r := quotient (hi X) (lo Y) in let s := quotient (hi X) (hi Y) in
    if is_nan p || is_nan q || is_nan r || is_nan s then Itv Bminf Binf
    else
      let l := down (least p q r s) in
      Itv (if ge0 (lo X) && gt0 (lo Y) then fmax l Bzero else l) (up (most p q r s)).

Lemma quotient_rounds a b : is_finite a = true -> is_finite b = true -> B2R b <> 0 ->
  rounds (quotient a b) (B2R a / B2R b).
Proof.
  intros Fa Fb Nb. unfold quotient. rewrite Fb. cbn [negb andb]. rewrite orb_false_r.
  destruct (eq0 a) eqn:Ea.
  - rewrite (proj2 (eq0_ord a Ea)). unfold Rdiv. rewrite Rmult_0_l. apply rounds_zero.
  - now apply fdiv_rounds.
Qed.

(** x <= a, 0 < lb <= y <= hb: the quotient by the end that the sign of [a] asks for. *)
Lemma corner_div_p a b x y : above a x -> below b y -> 0 < ord b -> 0 <= ord a -> tops (quotient a b) (x / y).
Proof.
  intros Ha Hb b0 a0. assert (y0 := below_gt0 _ _ Hb b0).
  destruct Ha as [Na Ha], Hb as [Nb Hb]. assert (P := bpow_gt_0 radix2 emax).
  assert (Fb : is_finite b = true).
  { destruct b as [|[|]| |]; try discriminate; try easy. rewrite ord_inf in b0. lra. }
  apply lower_finite in Hb; [|exact Fb]. rewrite ord_finite in b0 by exact Fb.
  destruct (is_finite a) eqn:Fa.
  - apply upper_finite in Ha; [|exact Fa]. rewrite ord_finite in a0 by exact Fa.
    apply (rounds_tops _ (B2R a / B2R b)); [|apply quotient_rounds; auto; lra].
    unfold Rdiv. apply Rle_trans with (B2R a * / y).
    + apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; exact y0 | exact Ha].
    + apply Rmult_le_compat_l; [exact a0|]. apply Rinv_le_contravar; assumption.
  - destruct a as [|[|]| |]; try discriminate.
    destruct b as [t|[|]| |[|] m e H]; try discriminate; try apply tops_inf.
    + rewrite B2R_zero in b0. lra.
    + generalize (neg_finite_lt0 m e H). lra.
Qed.

Lemma corner_div_n a b x y : above a x -> above b y -> 0 < y -> ord a < 0 -> tops (quotient a b) (x / y).
Proof.
  intros Ha Hb y0 a0. destruct Ha as [Na Ha], Hb as [Nb Hb]. assert (P := bpow_gt_0 radix2 emax).
  assert (Fa : is_finite a = true).
  { destruct a as [|[|]| |]; try discriminate; try easy. rewrite ord_inf in a0. lra. }
  apply upper_finite in Ha; [|exact Fa]. rewrite ord_finite in a0 by exact Fa.
  assert (Iy := Rinv_0_lt_compat _ y0).
  destruct (is_finite b) eqn:Fb.
  - apply upper_finite in Hb; [|exact Fb].
    apply (rounds_tops _ (B2R a / B2R b)); [|apply quotient_rounds; auto; lra].
    unfold Rdiv. assert (/ B2R b <= / y) by (apply Rinv_le_contravar; lra).
    assert (0 < / B2R b) by (apply Rinv_0_lt_compat; lra).
    apply Rle_trans with (B2R a * / y); [apply Rmult_le_compat_r; lra | nra].
  - destruct b as [|[|]| |]; try discriminate.
    unfold quotient. rewrite Fa, orb_true_r. apply tops_zero. unfold Rdiv. nra.
Qed.

Lemma quotient_opp a b : is_nan a = false -> is_nan b = false -> ord b <> 0 ->
  is_nan (quotient (Bopp a) (Bopp b)) = is_nan (quotient a b) /\
  ord (quotient (Bopp a) (Bopp b)) = ord (quotient a b) /\
  is_nan (quotient (Bopp a) b) = is_nan (quotient a b) /\
  ord (quotient (Bopp a) b) = - ord (quotient a b).
Proof.
  intros Na Nb b0.
  destruct (is_finite a) eqn:Fa, (is_finite b) eqn:Fb.
  - rewrite ord_finite in b0 by exact Fb.
    assert (R1 := quotient_rounds a b Fa Fb b0).
    assert (R2 := quotient_rounds (Bopp a) (Bopp b)). rewrite !is_finite_Bopp, !B2R_Bopp in R2.
    specialize (R2 Fa Fb ltac:(lra)). replace (- B2R a / - B2R b) with (B2R a / B2R b) in R2 by (field; lra).
    assert (R3 := quotient_rounds (Bopp a) b). rewrite !is_finite_Bopp, !B2R_Bopp in R3.
    specialize (R3 Fa Fb b0). replace (- B2R a / B2R b) with (- (B2R a / B2R b)) in R3 by (field; lra).
    assert (R4 := rounds_opp _ _ R1).
    rewrite (rounds_not_nan _ _ R1), (rounds_not_nan _ _ R2), (rounds_not_nan _ _ R3).
    assert (E12 : ord (quotient (Bopp a) (Bopp b)) = ord (quotient a b)).
    { revert R1 R2. unfold rounds. case Rlt_bool.
      + intros [E1 F1] [E2 F2]. rewrite !ord_finite by assumption. congruence.
      + intros -> ->. reflexivity. }
    assert (E34 : ord (quotient (Bopp a) b) = - ord (quotient a b)).
    { rewrite <- ord_opp. revert R3 R4. unfold rounds. case Rlt_bool.
      + intros [E1 F1] [E2 F2]. rewrite !ord_finite by assumption. congruence.
      + intros -> ->. reflexivity. }
    tauto.
  - destruct a as [s|s| |s m e H], b as [t|t| |t m' e' H']; try discriminate; destruct s, t;
      repeat split; first [reflexivity | symmetry; exact Ropp_0 | symmetry; exact (Ropp_involutive _)].
  - destruct a as [s|s| |s m e H], b as [t|t| |t m' e' H']; try discriminate; destruct s, t;
      try (exfalso; apply b0; reflexivity); repeat split; first [reflexivity | symmetry; exact Ropp_0 | symmetry; exact (Ropp_involutive _)].
  - destruct a as [s|s| |s m e H], b as [t|t| |t m' e' H']; try discriminate; destruct s, t;
      repeat split; first [reflexivity | symmetry; exact Ropp_0 | symmetry; exact (Ropp_involutive _)].
Qed.

Lemma div_corners_above la ha lb hb x y :
  below la x -> above ha x -> below lb y -> above hb y ->
  is_nan (quotient la lb) = false -> is_nan (quotient la hb) = false ->
  is_nan (quotient ha lb) = false -> is_nan (quotient ha hb) = false ->
  0 < ord lb \/ ord hb < 0 ->
  tops (quotient la lb) (x / y) \/ tops (quotient la hb) (x / y) \/
  tops (quotient ha lb) (x / y) \/ tops (quotient ha hb) (x / y).
Proof.
  intros Hla Hha Hlb Hhb N1 N2 N3 N4 [L|L].
  - destruct (Rle_or_lt 0 (ord ha)) as [a0|a0].
    + right; right; left. now apply corner_div_p.
    + right; right; right. apply corner_div_n; auto. exact (below_gt0 _ _ Hlb L).
  - assert (y0 := above_lt0 _ _ Hhb L).
    assert (L' : ord lb < 0).
    { destruct (Rlt_or_le (ord lb) 0) as [H|H]; [exact H|]. generalize (below_ge0 _ _ Hlb H). lra. }
    assert (E : x / y = - x / - y) by (field; lra).
    destruct (Rle_or_lt 0 (ord (Bopp la))) as [a0|a0].
    + right; left. destruct (quotient_opp la hb) as [Q1 [Q2 _]]; [apply Hla | apply Hhb | lra |].
      apply (tops_ord (quotient (Bopp la) (Bopp hb))); [congruence | exact N2 | lra |].
      rewrite E. apply corner_div_p; [now apply below_opp | now apply above_opp | rewrite ord_opp; lra | exact a0].
    + left. destruct (quotient_opp la lb) as [Q1 [Q2 _]]; [apply Hla | apply Hlb | lra |].
      apply (tops_ord (quotient (Bopp la) (Bopp lb))); [congruence | exact N1 | lra |].
      rewrite E. apply corner_div_n; [now apply below_opp | now apply below_opp | lra | exact a0].
Qed.

Lemma div_corners_below la ha lb hb x y :
  below la x -> above ha x -> below lb y -> above hb y ->
  is_nan (quotient la lb) = false -> is_nan (quotient la hb) = false ->
  is_nan (quotient ha lb) = false -> is_nan (quotient ha hb) = false ->
  0 < ord lb \/ ord hb < 0 ->
  bottoms (quotient la lb) (x / y) \/ bottoms (quotient la hb) (x / y) \/
  bottoms (quotient ha lb) (x / y) \/ bottoms (quotient ha hb) (x / y).
Proof.
  intros Hla Hha Hlb Hhb N1 N2 N3 N4 L.
  assert (lb0 : ord lb <> 0 /\ ord hb <> 0).
  { destruct L as [L|L].
    - assert (y0 := below_gt0 _ _ Hlb L). split; [lra|]. intros H.
      generalize (above_le0 _ _ Hhb). lra.
    - assert (y0 := above_lt0 _ _ Hhb L). split; [|lra]. intros H.
      generalize (below_ge0 _ _ Hlb). lra. }
  destruct lb0 as [lb0 hb0].
  destruct (quotient_opp la lb) as [_ [_ [A1 B1]]]; [apply Hla | apply Hlb | exact lb0 |].
  destruct (quotient_opp la hb) as [_ [_ [A2 B2]]]; [apply Hla | apply Hhb | exact hb0 |].
  destruct (quotient_opp ha lb) as [_ [_ [A3 B3]]]; [apply Hha | apply Hlb | exact lb0 |].
  destruct (quotient_opp ha hb) as [_ [_ [A4 B4]]]; [apply Hha | apply Hhb | exact hb0 |].
  assert (T : forall a b, is_nan (quotient a b) = false -> is_nan (quotient (Bopp a) b) = is_nan (quotient a b) ->
     ord (quotient (Bopp a) b) = - ord (quotient a b) ->
     tops (quotient (Bopp a) b) (- x / y) -> bottoms (quotient a b) (x / y)).
  { intros a b N E O H. apply bottoms_opp; [exact N|].
    apply (tops_ord (quotient (Bopp a) b)); [congruence | now rewrite is_nan_Bopp | rewrite ord_opp; lra |].
    replace (- (x / y)) with (- x / y) by (unfold Rdiv; ring). exact H. }
  destruct (div_corners_above (Bopp ha) (Bopp la) lb hb (- x) y) as [H|[H|[H|H]]];
    try assumption; try congruence; try (now apply below_opp); try (now apply above_opp);
    apply T in H; auto.
Qed.

(** Including a divisor that may be zero: then the result holds for every y <> 0. *)
Theorem idiv_zero X Y x y : contains X x -> contains Y y -> y <> 0 -> contains (idiv X Y) (x / y).
Proof.
  intros [Xl Xh] [Yl Yh] y0. unfold idiv.
  assert (Nx := proj1 Xl). assert (Nx' := proj1 Xh). assert (Ny := proj1 Yl). assert (Ny' := proj1 Yh).
  destruct (le0 (lo Y) && ge0 (hi Y)) eqn:Z.
  - destruct (ge0 (lo X) && ge0 (lo Y) && gt0 (hi Y)) eqn:G; [|apply ientire_sound].
    apply andb_prop in G. destruct G as [G G3]. apply andb_prop in G. destruct G as [G1 G2].
    assert (x0 := below_ge0 _ _ Xl (ge0_ord _ Nx G1)).
    assert (y1 := below_ge0 _ _ Yl (ge0_ord _ Ny G2)).
    assert (Q : 0 <= x / y) by (unfold Rdiv; apply Rmult_le_pos; [exact x0 | apply Rlt_le, Rinv_0_lt_compat; lra]).
    split; cbn [lo hi]; [|split; reflexivity].
    apply below_max; [|now apply below_zero].
    apply gt0_ord in G3; [|exact Ny']. apply ge0_ord in G1; [|exact Nx].
    assert (P := bpow_gt_0 radix2 emax).
    destruct Xl as [_ Xl], Yh as [_ Yh].
    destruct (is_finite (lo X)) eqn:Fx.
    2:{ destruct (lo X) as [|[|]| |]; try discriminate; try easy. rewrite ord_inf in G1. lra. }
    apply lower_finite in Xl; [|exact Fx].
    destruct (is_finite (hi Y)) eqn:Fy.
    + apply upper_finite in Yh; [|exact Fy]. rewrite ord_finite in G1, G3 by assumption.
      apply (rounds_bottoms _ (B2R (lo X) / B2R (hi Y))); [|apply fdiv_rounds; auto; lra].
      unfold Rdiv. apply Rmult_le_compat; auto; [apply Rlt_le, Rinv_0_lt_compat; lra | apply Rinv_le_contravar; lra].
    + destruct (hi Y) as [|[|]| |]; try discriminate.
      destruct (lo X) as [t|[|]| |t m e H]; try discriminate;
        apply (rounds_bottoms _ 0 _ Q); destruct t; apply finite_rounds; try reflexivity;
        unfold rnd; rewrite round_0; try reflexivity; apply valid_rnd_N.
  - destruct (_ || _) eqn:N; [apply ientire_sound|].
    apply orb_false_elim in N. destruct N as [N N4]. apply orb_false_elim in N. destruct N as [N N3].
    apply orb_false_elim in N. destruct N as [N1 N2].
    assert (L : 0 < ord (lo Y) \/ ord (hi Y) < 0).
    { apply andb_false_elim in Z. destruct Z as [Z|Z]; [left; now apply le0_ord_false | right; now apply ge0_ord_false]. }
    assert (B : below (down (least (quotient (lo X) (lo Y)) (quotient (lo X) (hi Y))
       (quotient (hi X) (lo Y)) (quotient (hi X) (hi Y)))) (x / y)).
    { apply least_spec; auto. now apply div_corners_below. }
    split; cbn [lo hi].
    + destruct (ge0 (lo X) && gt0 (lo Y)) eqn:G; [|exact B].
      apply andb_prop in G. destruct G as [G1 G2]. apply below_max; [exact B | apply below_zero].
      assert (x0 := below_ge0 _ _ Xl (ge0_ord _ Nx G1)).
      assert (y1 := below_gt0 _ _ Yl (gt0_ord _ Ny G2)).
      unfold Rdiv; apply Rmult_le_pos; [exact x0 | apply Rlt_le, Rinv_0_lt_compat; lra].
    + apply most_spec; auto. now apply div_corners_above.
Qed.

Theorem idiv_sound X Y x y : contains X x -> contains Y y -> ~ contains Y 0 -> contains (idiv X Y) (x / y).
Proof. intros HX HY H0. apply idiv_zero; auto. intros ->. now apply H0. Qed.
