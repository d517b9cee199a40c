(** * Step: the constants of one gradient step, on a set.

    Trajectory bounds need to know how far one step of gradient descent can
    push two points apart.  All constants are stated on a set [S], so that a
    bound that only holds on a ball, or only for vectors that agree outside a
    pruning mask, is as good as a global one.

    Definitions
    - [gd_step eta g x]: one step of gradient descent, x - eta g(x).
    - [lipschitz_on S L g]: |g x - g y| <= L |x - y| for x, y in S.
    - [monotone_on S mu g]: <g x - g y, x - y> >= mu |x - y|^2 on S.
    - [cocoercive_on S L g]: |g x - g y|^2 <= L <g x - g y, x - y> on S.
    - [convex_on S mu f g]: f lies above its tangent paraboloids of curvature mu.
    - [smooth_on S L f g]: f lies below its tangent paraboloids of curvature L.
    - [step_factor eta mu L]: max(1 - eta mu, eta L - 1).
    - [flat_for S g]: S is closed under moving along differences of its points
      and of the values of g (the whole space; an affine subspace parallel to a
      mask).

    Theorems
    - [baillon_haddad_on]: convex and L-smooth implies L-cocoercive (L >= 0).
    - [step_lipschitz]: an L-Lipschitz map gives a (1 + eta L)-Lipschitz step.
    - [step_nonexpansive], [step_nonexpansive_smooth]: cocoercive, or convex and
      smooth, with eta L <= 2: the step does not expand distances.
    - [step_contracts_smooth]: mu-strongly convex and L-smooth with
      eta (L + mu) <= 2: the step contracts by 1 - eta mu.
    - [step_expands_smooth], [step_smooth]: beyond that step size the factor is
      eta L - 1; without any condition it is [step_factor].  mu may be negative.
    - [step_contracts_monotone]: mu-strongly monotone and L-Lipschitz: the step
      contracts by sqrt (1 - 2 eta mu + eta^2 L^2).
    - [mask_lipschitz_on] ... [mask_smooth_on], [mask_flat]: composing the
      gradient with a mask inherits every constant, on points that differ only
      inside the mask.
    - [mask_plane_nested], [lipschitz_on_sub], [convex_on_sub], [smooth_on_sub]:
      a sparser mask inherits every constant of a denser one.
    - [lipschitz_everywhere], [convex_everywhere], [smooth_everywhere],
      [monotone_everywhere]: so does every set, from the constants of [Convex].
    Axiom-free, over any real closed field. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Mask.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Step.
Variables (R : rcfType) (d : nat).
Implicit Types (S : 'cV[R]_d -> Prop) (f : 'cV[R]_d -> R)
  (g : 'cV[R]_d -> 'cV[R]_d) (mu L eta : R) (x y u v : 'cV[R]_d).

Definition gd_step eta g x := x - eta *: g x.

Definition everywhere : 'cV[R]_d -> Prop := fun=> True.

Definition lipschitz_on S L g :=
  forall x y, S x -> S y -> norm (g x - g y) <= L * norm (x - y).

Definition monotone_on S mu g :=
  forall x y, S x -> S y -> mu * norm (x - y) ^+ 2 <= dot (g x - g y) (x - y).

Definition cocoercive_on S L g :=
  forall x y, S x -> S y ->
  norm (g x - g y) ^+ 2 <= L * dot (g x - g y) (x - y).

Definition convex_on S mu f g :=
  forall x y, S x -> S y ->
  f x + dot (g x) (y - x) + mu / 2%:R * norm (y - x) ^+ 2 <= f y.

Definition smooth_on S L f g :=
  forall x y, S x -> S y ->
  f y <= f x + dot (g x) (y - x) + L / 2%:R * norm (y - x) ^+ 2.

Definition flat_for S g :=
  forall p x y a b, S p -> S x -> S y ->
  S (p + a *: (y - x) + b *: (g y - g x)).

Lemma flat_everywhere g : flat_for everywhere g.
Proof. by []. Qed.

Lemma smooth_on_weaken S L L' f g : L <= L' -> smooth_on S L f g -> smooth_on S L' f g.
Proof.
move=> LL' sf x y Sx Sy; apply: le_trans (sf x y Sx Sy) _; rewrite ler_add2l.
by rewrite ler_wpmul2r ?exprn_ge0 ?norm_ge0 // ler_wpmul2r // invr_ge0 ler0n.
Qed.

Lemma convex_on_weaken S mu mu' f g : mu' <= mu -> convex_on S mu f g -> convex_on S mu' f g.
Proof.
move=> le_mu cv x y Sx Sy; apply: le_trans (cv x y Sx Sy); rewrite ler_add2l.
by rewrite ler_wpmul2r ?exprn_ge0 ?norm_ge0 // ler_wpmul2r // invr_ge0 ler0n.
Qed.

(** ** Baillon-Haddad on a flat set *)
Lemma baillon_haddad_pos S L f g : 0 < L -> flat_for S g ->
  convex_on S 0 f g -> smooth_on S L f g -> cocoercive_on S L g.
Proof.
move=> L0 flat cv sf.
have half x y : S x -> S y ->
    f x + dot (g x) (y - x) + (2%:R * L)^-1 * norm (g y - g x) ^+ 2 <= f y.
  move=> Sx Sy; set z := y - L^-1 *: (g y - g x).
  have Sz : S z.
    have := flat y x y 0 (- L^-1) Sy Sx Sy.
    by rewrite scale0r addr0 scaleNr.
  have := le_trans (cv x z Sx Sz) (sf y z Sy Sz); rewrite !mul0r addr0.
  have -> : z - y = - (L^-1 *: (g y - g x)) by rewrite /z addrC addKr.
  have -> : z - x = (y - x) - L^-1 *: (g y - g x) by rewrite /z addrAC.
  move=> h; rewrite -subr_ge0 in h; rewrite -subr_ge0; apply: le_trans h _.
  rewrite le_eqVlt; apply/orP; left; apply/eqP.
  by rewrite !norm_sq !dotE (dotC (g y) (g x)); field; rewrite gt_eqF.
move=> x y Sx Sy.
have h := ler_add (half x y Sx Sy) (half y x Sy Sx).
rewrite (normBC (g y)) -subr_ge0 in h.
rewrite -subr_ge0 -(pmulr_rge0 _ (_ : 0 < L^-1)) ?invr_gt0 //.
apply: le_trans h _.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
by rewrite !norm_sq !dotE (dotC (g y) (g x)); field; rewrite gt_eqF.
Qed.

(** If [n <= L' c] for every [L' > L], then [n <= L c]. *)
Lemma le_mul_limit L (n c : R) : 0 <= n -> 0 <= L ->
  (forall L', L < L' -> n <= L' * c) -> n <= L * c.
Proof.
move=> n0 L0 h.
have c0 : 0 <= c.
  have L1 : 0 < L + 1 by rewrite ltr_paddl ?ltr01.
  by rewrite -(pmulr_rge0 _ L1); apply: le_trans n0 (h _ _); rewrite ltr_addl ltr01.
apply/ler_addgt0Pr => e e0.
have [cz|nz] := eqVneq c 0.
  have := h (L + 1); rewrite cz !mulr0 add0r ltr_addl ltr01 => /(_ isT) n0'.
  exact: le_trans n0' (ltW e0).
have cpos : 0 < c by rewrite lt_neqAle eq_sym nz c0.
have := h (L + e / c); rewrite ltr_addl divr_gt0 // => /(_ isT).
by rewrite mulrDl divfK.
Qed.

Theorem baillon_haddad_on S L f g : 0 <= L -> flat_for S g ->
  convex_on S 0 f g -> smooth_on S L f g -> cocoercive_on S L g.
Proof.
move=> L0 flat cv sf x y Sx Sy; apply: le_mul_limit => //.
  by rewrite exprn_ge0 ?norm_ge0.
move=> L' LL'; apply: (@baillon_haddad_pos S L' f g) => //.
  exact: le_lt_trans L0 LL'.
exact: smooth_on_weaken (ltW LL') sf.
Qed.

Lemma cocoercive_lipschitz_on S L g : 0 <= L ->
  cocoercive_on S L g -> lipschitz_on S L g.
Proof.
move=> L0 cc x y Sx Sy.
have [h|nz] := eqVneq (norm (g x - g y)) 0.
  by rewrite h mulr_ge0 ?norm_ge0.
have g0 : 0 < norm (g x - g y) by rewrite lt_neqAle eq_sym nz norm_ge0.
rewrite -(ler_pmul2r g0) -expr2; apply: le_trans (cc x y Sx Sy) _.
by rewrite -mulrA ler_wpmul2l // mulrC CauchySchwarz.
Qed.

(** ** How one step acts on two points *)
Lemma gd_stepB eta g x y :
  gd_step eta g x - gd_step eta g y = (x - y) - eta *: (g x - g y).
Proof. by rewrite /gd_step; move: (g x) (g y) => a b; vring. Qed.

Theorem step_lipschitz S L eta g : 0 <= eta ->
  lipschitz_on S L g -> lipschitz_on S (1 + eta * L) (gd_step eta g).
Proof.
move=> eta0 lip x y Sx Sy; rewrite gd_stepB mulrDl mul1r.
apply: le_trans (norm_triangleB _ _) _; rewrite ler_add2l normZ ger0_norm //.
by rewrite -mulrA ler_wpmul2l // lip.
Qed.

(** A multiple [a] of the identity minus a cocoercive part: the step contracts
    by [a] as long as [eta L <= 2 a].  Everything below is an instance. *)
Lemma scaled_step_le (a L eta : R) u v : 0 <= a -> 0 <= L -> 0 <= eta ->
  eta * L <= 2%:R * a -> norm v ^+ 2 <= L * dot v u ->
  norm (a *: u - eta *: v) <= a * norm u.
Proof.
move=> a0 L0 eta0 etaL cc.
have [vu0|vun] := lerP 0 (dot v u); last first.
  have v0 : v = 0.
    apply/eqP; rewrite -norm_eq0 -sqrf_eq0 eq_le exprn_ge0 ?norm_ge0 // andbT.
    by apply: le_trans cc _; rewrite mulr_ge0_le0 // ltW.
  by rewrite v0 scaler0 subr0 normZ ger0_norm.
rewrite norm_le_sq ?mulr_ge0 ?norm_ge0 // -subr_ge0.
have -> : (a * norm u) ^+ 2 - dot (a *: u - eta *: v) (a *: u - eta *: v)
        = eta * (2%:R * a * dot v u - eta * norm v ^+ 2).
  by rewrite exprMn !norm_sq !dotE (dotC u v); ring.
rewrite mulr_ge0 // subr_ge0; apply: (le_trans (ler_wpmul2l eta0 cc)).
by rewrite mulrA ler_wpmul2r.
Qed.

Theorem step_nonexpansive S L eta g : 0 <= L -> 0 <= eta -> eta * L <= 2%:R ->
  cocoercive_on S L g -> lipschitz_on S 1 (gd_step eta g).
Proof.
move=> L0 eta0 etaL cc x y Sx Sy; rewrite gd_stepB -[x - y in X in X <= _]scale1r.
by apply: (scaled_step_le ler01 L0 eta0 _ (cc x y Sx Sy)); rewrite mulr1.
Qed.

Theorem step_nonexpansive_smooth S L eta f g :
  0 <= L -> 0 <= eta -> eta * L <= 2%:R -> flat_for S g ->
  convex_on S 0 f g -> smooth_on S L f g -> lipschitz_on S 1 (gd_step eta g).
Proof.
move=> L0 eta0 etaL flat cv sf; apply: step_nonexpansive etaL _ => //.
exact: baillon_haddad_on cv sf.
Qed.

(** Removing the quadratic [mu/2 |x|^2] from a mu-strongly convex, L-smooth
    function leaves a convex, (L - mu)-smooth one. *)
Lemma remove_quadratic S mu L f g :
  convex_on S mu f g -> smooth_on S L f g ->
  let f' := fun x => f x - mu / 2%:R * norm x ^+ 2 in
  let g' := fun x => g x - mu *: x in
  convex_on S 0 f' g' /\ smooth_on S (L - mu) f' g'.
Proof.
move=> cv sf f' g'; split=> x y Sx Sy; rewrite /f' /g'.
  have := cv x y Sx Sy; rewrite -subr_ge0 => h; rewrite -subr_ge0; apply: le_trans h _.
  rewrite le_eqVlt; apply/orP; left; apply/eqP.
  by rewrite !norm_sq !dotE (dotC y x); field.
have := sf x y Sx Sy; rewrite -subr_ge0 => h; rewrite -subr_ge0; apply: le_trans h _.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
by rewrite !norm_sq !dotE (dotC y x); field.
Qed.

Lemma flat_remove S mu g : flat_for S g -> flat_for S (fun x => g x - mu *: x).
Proof.
move=> flat p x y a b Sp Sx Sy.
have -> : p + a *: (y - x) + b *: (g y - mu *: y - (g x - mu *: x))
        = p + (a - b * mu) *: (y - x) + b *: (g y - g x).
  by move: (g x) (g y) => u v; vring.
exact: flat.
Qed.

Theorem step_contracts_smooth S mu L eta f g :
  mu <= L -> 0 <= eta -> eta * (L + mu) <= 2%:R -> flat_for S g ->
  convex_on S mu f g -> smooth_on S L f g ->
  lipschitz_on S (1 - eta * mu) (gd_step eta g).
Proof.
move=> muL eta0 etaL flat cv sf x y Sx Sy; rewrite gd_stepB.
have [cv' sf'] := remove_quadratic cv sf.
have Lmu : 0 <= L - mu by rewrite subr_ge0.
have cc := baillon_haddad_on Lmu (flat_remove mu flat) cv' sf'.
have := cc x y Sx Sy; set w := (_ - _ - _) => ccw.
have -> : (x - y) - eta *: (g x - g y) = (1 - eta * mu) *: (x - y) - eta *: w.
  by rewrite /w; move: (g x) (g y) => a b; vring.
have q_ge0 : 0 <= 1 - eta * mu.
  rewrite subr_ge0 -(ler_pmul2l (_ : 0 < 2%:R)) ?ltr0n // mulr1; apply: le_trans etaL.
  by rewrite mulrCA ler_wpmul2l // mulr_natl mulr2n ler_add2r.
apply: scaled_step_le ccw => //; rewrite -subr_ge0.
have -> : 2%:R * (1 - eta * mu) - eta * (L - mu) = 2%:R - eta * (L + mu) by ring.
by rewrite subr_ge0.
Qed.

(** Beyond the step size 2 / (L + mu) the step may expand, by eta L - 1 at most. *)
Theorem step_expands_smooth S mu L eta f g :
  mu <= L -> 0 <= eta -> 2%:R <= eta * (L + mu) -> flat_for S g ->
  convex_on S mu f g -> smooth_on S L f g ->
  lipschitz_on S (eta * L - 1) (gd_step eta g).
Proof.
move=> muL eta0 etaL flat cv sf x y Sx Sy; rewrite gd_stepB.
have [cv' sf'] := remove_quadratic cv sf.
have Lmu : 0 <= L - mu by rewrite subr_ge0.
have cc := baillon_haddad_on Lmu (flat_remove mu flat) cv' sf'.
have ccw := cc x y Sx Sy; have lw := cocoercive_lipschitz_on Lmu cc Sx Sy.
move: ccw lw; set w := (_ - _ - _) => ccw lw.
have -> : (x - y) - eta *: (g x - g y) = (1 - eta * mu) *: (x - y) - eta *: w.
  by rewrite /w; move: (g x) (g y) => a b; vring.
move: (x - y) w ccw lw => u w ccw lw.
have q0 : 0 <= eta * L - 1.
  rewrite subr_ge0 -(ler_pmul2l (_ : 0 < 2%:R)) ?ltr0n // mulr1; apply: le_trans etaL _.
  by rewrite [X in _ <= X]mulrCA ler_wpmul2l // mulr_natl mulr2n ler_add2l.
have c0 : 0 <= eta * (L - mu) - 2%:R * (1 - eta * mu).
  have -> : eta * (L - mu) - 2%:R * (1 - eta * mu) = eta * (L + mu) - 2%:R by ring.
  by rewrite subr_ge0.
have wu : dot w u <= (L - mu) * norm u ^+ 2.
  apply: le_trans (CauchySchwarz _ _) _.
  by rewrite expr2 mulrA ler_wpmul2r ?norm_ge0.
have h1 := ler_wpmul2l (mulr_ge0 eta0 eta0) ccw.
have h2 := ler_wpmul2l (mulr_ge0 eta0 c0) wu.
rewrite norm_le_sq ?mulr_ge0 ?norm_ge0 //.
have h := ler_add h1 h2; rewrite -subr_ge0 in h; rewrite -subr_ge0; apply: le_trans h _.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
by rewrite exprMn !norm_sq !dotE (dotC u w); ring.
Qed.

(** Any step size. *)
Definition step_factor eta mu L : R := Num.max (1 - eta * mu) (eta * L - 1).

Lemma step_factor_small eta mu L :
  eta * (L + mu) <= 2%:R -> step_factor eta mu L = 1 - eta * mu.
Proof.
move=> h; apply/max_idPl; rewrite -subr_ge0.
have -> : 1 - eta * mu - (eta * L - 1) = 2%:R - eta * (L + mu) by ring.
by rewrite subr_ge0.
Qed.

Lemma step_factor_ge0 eta mu L : 0 <= eta -> mu <= L -> 0 <= step_factor eta mu L.
Proof.
move=> eta0 muL; rewrite /step_factor le_maxr !subr_ge0.
have [x1|/ltW ->] := lerP (eta * L) 1; last by rewrite orbT.
by rewrite (le_trans _ x1) // ler_wpmul2l.
Qed.

Theorem step_smooth S mu L eta f g :
  mu <= L -> 0 <= eta -> flat_for S g ->
  convex_on S mu f g -> smooth_on S L f g ->
  lipschitz_on S (step_factor eta mu L) (gd_step eta g).
Proof.
move=> muL eta0 flat cv sf x y Sx Sy.
have [small|/ltW large] := lerP (eta * (L + mu)) 2%:R.
  apply: le_trans (step_contracts_smooth muL eta0 small flat cv sf Sx Sy) _.
  by rewrite ler_wpmul2r ?norm_ge0 // le_maxr lexx.
apply: le_trans (step_expands_smooth muL eta0 large flat cv sf Sx Sy) _.
by rewrite ler_wpmul2r ?norm_ge0 // le_maxr lexx orbT.
Qed.

Theorem step_contracts_monotone S mu L eta g : 0 <= eta ->
  monotone_on S mu g -> lipschitz_on S L g ->
  lipschitz_on S (Num.sqrt (1 - 2%:R * eta * mu + eta ^+ 2 * L ^+ 2)) (gd_step eta g).
Proof.
move=> eta0 mono lip x y Sx Sy; rewrite gd_stepB.
have m := mono x y Sx Sy; have l := lip x y Sx Sy.
move: (x - y) (g x - g y) m l => u v m l.
have l2 : norm v ^+ 2 <= L ^+ 2 * norm u ^+ 2.
  by rewrite -exprMn ler_sqr ?nnegrE ?norm_ge0 // (le_trans (norm_ge0 v) l).
set c := 1 - _ + _.
have key : dot (u - eta *: v) (u - eta *: v) <= c * norm u ^+ 2.
  have e2 : 0 <= 2%:R * eta by rewrite mulr_ge0 ?ler0n.
  have h := ler_add (ler_wpmul2l e2 m) (ler_wpmul2l (sqr_ge0 eta) l2).
  rewrite -subr_ge0 in h; rewrite -subr_ge0; apply: le_trans h _.
  rewrite le_eqVlt; apply/orP; left; apply/eqP.
  by rewrite /c !norm_sq !dotE (dotC u v); ring.
have [u0|un] := eqVneq u 0.
  have v0 : v = 0.
    by apply/eqP; rewrite -norm_eq0 eq_le norm_ge0 andbT; move: l; rewrite u0 norm0 mulr0.
  by rewrite u0 v0 scaler0 subr0 norm0 mulr0.
have c0 : 0 <= c.
  rewrite -(pmulr_lge0 _ (_ : 0 < norm u ^+ 2)) ?exprn_gt0 ?norm_gt0 //.
  exact: le_trans (dot_ge0 _) key.
by rewrite norm_le_sq ?mulr_ge0 ?sqrtr_ge0 ?norm_ge0 // exprMn sqr_sqrtr.
Qed.

(** ** Pruning masks *)
Section Masked.
Variables (m : pred 'I_d) (x0 : 'cV[R]_d).

(** Points that agree with [x0] outside the mask. *)
Definition mask_plane : 'cV[R]_d -> Prop := fun x => masked m (x - x0).

Lemma mask_planeB x y : mask_plane x -> mask_plane y -> masked m (x - y).
Proof.
move=> Sx Sy; have -> : x - y = (x - x0) - (y - x0) by vring.
exact: maskedB.
Qed.

Lemma mask_plane_step eta g x :
  mask_plane x -> mask_plane (gd_step eta (mask m \o g) x).
Proof.
move=> Sx; rewrite /mask_plane /gd_step /= addrAC.
by rewrite maskedB ?maskedZ ?masked_mask.
Qed.

Lemma mask_flat g : flat_for mask_plane (mask m \o g).
Proof.
move=> p x y a b Sp Sx Sy; rewrite /mask_plane /=.
have -> : p + a *: (y - x) + b *: (mask m (g y) - mask m (g x)) - x0
        = (p - x0) + a *: (y - x) + b *: (mask m (g y) - mask m (g x)) by vring.
have dyx := mask_planeB Sy Sx; have dg := maskedB (masked_mask m (g y)) (masked_mask m (g x)).
exact: maskedD (maskedD Sp (maskedZ a dyx)) (maskedZ b dg).
Qed.

Lemma mask_lipschitz_on S L g :
  lipschitz_on S L g -> lipschitz_on S L (mask m \o g).
Proof.
by move=> lip x y Sx Sy; rewrite /= -maskB (le_trans (norm_mask _ _)) // lip.
Qed.

Lemma dot_maskB g x y : mask_plane x -> mask_plane y ->
  dot (mask m (g x) - mask m (g y)) (x - y) = dot (g x - g y) (x - y).
Proof. by move=> Sx Sy; rewrite -maskB masked_dot // mask_planeB. Qed.

Lemma mask_monotone_on S mu g : (forall x, S x -> mask_plane x) ->
  monotone_on S mu g -> monotone_on S mu (mask m \o g).
Proof. by move=> SM mono x y Sx Sy; rewrite /= dot_maskB ?mono //; apply: SM. Qed.

Lemma mask_cocoercive_on S L g : (forall x, S x -> mask_plane x) ->
  cocoercive_on S L g -> cocoercive_on S L (mask m \o g).
Proof.
move=> SM cc x y Sx Sy; rewrite /= dot_maskB; [|exact: SM|exact: SM].
apply: le_trans (cc x y Sx Sy).
by rewrite -maskB ler_sqr ?nnegrE ?norm_ge0 ?norm_mask.
Qed.

Lemma mask_convex_on S mu f g : (forall x, S x -> mask_plane x) ->
  convex_on S mu f g -> convex_on S mu f (mask m \o g).
Proof.
move=> SM cv x y Sx Sy; rewrite /= masked_dot; first exact: cv.
by apply: mask_planeB; apply: SM.
Qed.

Lemma mask_smooth_on S L f g : (forall x, S x -> mask_plane x) ->
  smooth_on S L f g -> smooth_on S L f (mask m \o g).
Proof.
move=> SM sf x y Sx Sy; rewrite /= masked_dot; first exact: sf.
by apply: mask_planeB; apply: SM.
Qed.
End Masked.

(** A sparser mask has a smaller affine subspace, so it inherits every constant. *)
Lemma mask_plane_nested (m m' : pred 'I_d) x0 x :
  (forall i, m i -> m' i) -> mask_plane m x0 x -> mask_plane m' x0 x.
Proof.
move=> mm /eqP Sx; apply/eqP/colP => i; move/matrixP: Sx => /(_ i 0); rewrite !mxE.
by case: (boolP (m i)) => [/mm -> //|_ <-]; rewrite if_same.
Qed.

Lemma lipschitz_on_sub S S' L g : (forall x, S x -> S' x) ->
  lipschitz_on S' L g -> lipschitz_on S L g.
Proof. by move=> sub h x y /sub Sx /sub Sy; apply: h. Qed.

Lemma convex_on_sub S S' mu f g : (forall x, S x -> S' x) ->
  convex_on S' mu f g -> convex_on S mu f g.
Proof. by move=> sub h x y /sub Sx /sub Sy; apply: h. Qed.

Lemma smooth_on_sub S S' L f g : (forall x, S x -> S' x) ->
  smooth_on S' L f g -> smooth_on S L f g.
Proof. by move=> sub h x y /sub Sx /sub Sy; apply: h. Qed.

(** The global constants of [Convex] hold on every set. *)
Lemma lipschitz_everywhere S L g : lipschitz L g -> lipschitz_on S L g.
Proof. by move=> h x y _ _; apply: h. Qed.

Lemma convex_everywhere S mu f g : strongly_convex mu f g -> convex_on S mu f g.
Proof. by move=> h x y _ _; apply: h. Qed.

Lemma smooth_everywhere S L f g : smooth L f g -> smooth_on S L f g.
Proof. by move=> h x y _ _; apply: h. Qed.

Lemma monotone_everywhere S mu g : strongly_monotone mu g -> monotone_on S mu g.
Proof. by move=> h x y _ _; apply: h. Qed.

End Step.
