(** * Influence: the step that uses the curvature of all rows instead of the
    retained ones, and how far it lands from the retrained model.
    Axiom-free; the matrix identities hold over any field.

    Throughout, g and HR are gradient and Hessian of the *retained* objective,
    H is the matrix the influence step inverts (the Hessian on all rows), HU the
    Hessian of the removed rows, x the original model, xs the retrained one.

    Theorems
      influence_direction      at a stationary x the weighted difference of gradients
                               is minus the retained gradient: the two formulas agree
      influence_displacement   |x* - x| <= |g x| / muR
      influence_error          |x+p - x*| <= (rho + S|x* - x| + (Q/2)|x* - x|^2) / mu,
                               S a bound on HR(x) - H, mu a lower bound of H
      influence_error_computable  the same with |g x|/muR in place of |x* - x|
      newton_minus_influence   NS - IJ = HR^-1 HU H^-1 g
      influence_error_newton   |x+IJ - x*| <= (Q/2mu)|NS|^2 + |HR^-1| |HU| |IJ|
      influence_error_safe     the same for steps solved up to rho and rhoN, without inverses:
                               (Q/2 |N|^2 + S |p| + rho + rhoN) / mu, N the Newton step
      rank_one_leverage        one row: its leverage is not 1, and NS = IJ / (1 - leverage) *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Newton Removal.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Identities.
Variables (F : fieldType) (d : nat).
Implicit Types (H HU : 'M[F]_d) (g x : 'cV[F]_d) (c a : F).

(** [- invmx M *m g] is the step that the matrix M takes. *)
Theorem newton_minus_influence H HU g : H \in unitmx -> H - HU \in unitmx ->
  - (invmx (H - HU) *m g) - - (invmx H *m g)
  = invmx (H - HU) *m (HU *m (- (invmx H *m g))).
Proof.
move=> Hu Ru; rewrite opprK !mulmxN.
have -> : HU = H - (H - HU) by rewrite subKr.
by rewrite mulmxBl mulKVmx // mulmxBr subKr mulKmx // opprB addrC.
Qed.

(** One removed row x with second derivative c: HU = c x x^T. *)
Definition row_leverage H c x : F := c * (x^T *m invmx H *m x) 0 0.

Theorem rank_one_leverage H c a x : H \in unitmx -> H - c *: (x *m x^T) \in unitmx ->
  row_leverage H c x != 1 /\
  invmx (H - c *: (x *m x^T)) *m (a *: x)
  = (1 - row_leverage H c x)^-1 *: (invmx H *m (a *: x)).
Proof.
move=> Hu Ru.
have split_ : c *: (x *m x^T) = (c *: x) *m x^T by rewrite scalemxAl.
have cap : capacitance H (c *: x) x^T = (1 - row_leverage H c x)%:M.
  rewrite /capacitance -scalemxAr /row_leverage.
  by rewrite {1}[x^T *m invmx H *m x]mx11_scalar scale_scalar_mx raddfB.
have := capacitance_unit Hu (_ : H - (c *: x) *m x^T \in unitmx); rewrite -split_ => /(_ Ru).
rewrite cap unitmxE det_scalar1 unitfE subr_eq0 eq_sym => lev; split=> //.
have lev' : 1 - row_leverage H c x != 0 by rewrite subr_eq0 eq_sym.
apply: (can_inj (mulKmx Ru)); rewrite mulKVmx //.
rewrite -!scalemxAr mulmxBl mulKVmx // -scalemxAl -[x *m x^T *m _]mulmxA.
rewrite [x^T *m (invmx H *m x)]mulmxA [x^T *m invmx H *m x]mx11_scalar mul_mx_scalar.
rewrite !scalerA -/(row_leverage H c x).
have -> : x - (c * (x^T *m invmx H *m x) 0 0) *: x = (1 - row_leverage H c x) *: x.
  by rewrite scalerBl scale1r.
by rewrite !scalerA mulrAC mulVf // mul1r.
Qed.
End Identities.

Section Influence.
Variables (R : rcfType) (d : nat).
Implicit Types (mu muR Q S rho : R) (x xs p : 'cV[R]_d)
  (g gfull : 'cV[R]_d -> 'cV[R]_d) (H HU : 'M[R]_d) (HR : 'cV[R]_d -> 'M[R]_d).

Theorem influence_direction gfull g x : gfull x = 0 -> gfull x - g x = - g x.
Proof. by move=> ->; rewrite sub0r. Qed.

Theorem influence_displacement muR g x xs : 0 < muR -> strongly_monotone muR g ->
  g xs = 0 -> norm (xs - x) <= norm (g x) / muR.
Proof. by move=> m0 sm gxs; rewrite normBC; apply: residual_bound sm gxs. Qed.

(** [p] solves H p = - g x up to [rho].  Only HR(x) - H along x* - x matters;
    [S] bounds it in operator norm. *)
Theorem influence_error mu Q S rho g HR H x p xs : 0 < mu ->
  rayleigh_ge mu H -> quadratic_remainder Q g HR -> g xs = 0 ->
  opnorm_le S (HR x - H) -> norm (H *m p + g x) <= rho ->
  norm (x + p - xs)
  <= (rho + S * norm (xs - x) + Q / 2%:R * norm (xs - x) ^+ 2) / mu.
Proof.
move=> mu0 ray rem gxs hS res; rewrite ler_pdivl_mulr // mulrC.
apply: le_trans (rayleigh_norm (x + p - xs) ray) _.
have -> : H *m (x + p - xs)
  = (H *m p + g x) + (HR x - H) *m (xs - x) + taylor_remainder g HR x xs.
  rewrite /taylor_remainder gxs sub0r mulmxBl.
  have -> : x + p - xs = p - (xs - x) by vring.
  rewrite mulmxBr; move: (H *m p) (H *m (xs - x)) (HR x *m (xs - x)) (g x) => a b c e.
  by vring.
apply: le_trans (norm_triangle _ _) _; apply: ler_add; last exact: rem.
by apply: le_trans (norm_triangle _ _) _; apply: ler_add.
Qed.

Theorem influence_error_computable mu muR Q S rho g HR H x p xs :
  0 < mu -> 0 < muR -> 0 <= Q -> 0 <= S ->
  rayleigh_ge mu H -> strongly_monotone muR g -> quadratic_remainder Q g HR ->
  g xs = 0 -> opnorm_le S (HR x - H) -> norm (H *m p + g x) <= rho ->
  norm (x + p - xs)
  <= (rho + S * (norm (g x) / muR) + Q / 2%:R * (norm (g x) / muR) ^+ 2) / mu.
Proof.
move=> mu0 muR0 Q0 S0 ray sm rem gxs hS res.
apply: le_trans (influence_error mu0 ray rem gxs hS res) _.
have D := influence_displacement x muR0 sm gxs.
rewrite ler_pmul2r ?invr_gt0 // -!addrA ler_add2l ler_add ?ler_wpmul2l ?divr_ge0 ?ler0n //.
by rewrite ler_sqr ?nnegrE ?norm_ge0 ?divr_ge0 ?norm_ge0 ?(ltW muR0).
Qed.

(** The safe form: the Newton bound plus what the wrong curvature costs.
    No lower bound of H is needed, only that it is invertible. *)
Theorem influence_error_newton mu Q sI sU g HR HU x xs : 0 < mu -> 0 <= sI ->
  strongly_monotone mu g -> quadratic_remainder Q g HR -> g xs = 0 ->
  HR x \in unitmx -> HR x + HU \in unitmx ->
  opnorm_le sI (invmx (HR x)) -> opnorm_le sU HU ->
  let IJ := - (invmx (HR x + HU) *m g x) in
  let NS := - (invmx (HR x) *m g x) in
  norm (x + IJ - xs) <= Q / (2%:R * mu) * norm NS ^+ 2 + sI * sU * norm IJ.
Proof.
move=> mu0 sI0 sm rem gxs Ru Hu hI hU; cbv zeta.
set IJ := - (invmx (HR x + HU) *m g x); set NS := - (invmx (HR x) *m g x).
have -> : x + IJ - xs = (x + NS - xs) - (NS - IJ) by move: IJ NS => a b; vring.
apply: le_trans (norm_triangleB _ _) _; apply: ler_add.
  have res : norm (HR x *m NS + g x) <= 0 by rewrite /NS mulmxN mulKVmx // addNr norm0.
  have := newton_aposteriori mu0 sm rem gxs res.
  suff -> : Q / (2%:R * mu) * norm NS ^+ 2 = Q / 2%:R * norm NS ^+ 2 / mu by rewrite add0r.
  by field; rewrite ?pnatr_eq0 gt_eqF.
have -> : NS - IJ = invmx (HR x) *m (HU *m IJ).
  have := @newton_minus_influence _ _ (HR x + HU) HU (g x) Hu.
  by rewrite addrK => /(_ Ru).
by apply: le_trans (hI _) _; rewrite -mulrA ler_wpmul2l.
Qed.

(** <v, q> >= mu |q|^2 puts q in the ball with diameter from 0 to v / mu. *)
Lemma monotone_ball mu (q v : 'cV[R]_d) : 0 < mu -> mu * norm q ^+ 2 <= dot v q ->
  norm (2%:R * mu *: q - v) <= norm v.
Proof.
move=> mu0 h; rewrite norm_le_norm -subr_ge0.
have -> : dot v v - dot (2%:R * mu *: q - v) (2%:R * mu *: q - v)
  = 4%:R * mu * (dot v q - mu * norm q ^+ 2).
  by rewrite norm_sq !dotE (dotC q v); ring.
by rewrite mulr_ge0 ?subr_ge0 // mulr_ge0 ?ler0n // ltW.
Qed.

(** [p] is the influence step, solved up to [rho], [N] the Newton step, solved up to [rhoN]. *)
Theorem influence_error_safe mu Q S rho rhoN g HR H x p N xs : 0 < mu ->
  strongly_monotone mu g -> rayleigh_ge mu (HR x) -> quadratic_remainder Q g HR -> g xs = 0 ->
  opnorm_le S (H - HR x) -> norm (H *m p + g x) <= rho -> norm (HR x *m N + g x) <= rhoN ->
  norm (x + p - xs) <= (Q / 2%:R * norm N ^+ 2 + S * norm p + (rho + rhoN)) / mu.
Proof.
move=> mu0 sm ray rem gxs hS hp hN.
set q := x + N - xs; set D := N - p; pose v := g (x + N); pose t := HR x *m D.
set r := taylor_remainder g HR x (x + N); set e := (H - HR x) *m p.
set sN := HR x *m N + g x; set s := H *m p + g x.
have vE : v = sN + r.
  rewrite /v /sN /r /taylor_remainder; have -> : x + N - x = N by vring.
  by move: (HR x *m N) (g x) (g (x + N)) => a b c; vring.
have tE : t = sN - s + e.
  rewrite /t /D /sN /s /e mulmxBr mulmxBl.
  by move: (HR x *m N) (HR x *m p) (H *m p) (g x) => *; vring.
have hr : norm r <= Q / 2%:R * norm N ^+ 2.
  by have := rem x (x + N); have -> : x + N - x = N by vring.
have hq : norm (2%:R * mu *: q - v) <= norm v.
  apply: monotone_ball => //; have := sm (x + N) xs; rewrite gxs subr0.
  exact.
have hD : norm (2%:R * mu *: D - t) <= norm t.
  by apply: monotone_ball => //; apply: le_trans (ray D) _; rewrite dotC.
have -> : x + p - xs = q - D by rewrite /q /D; vring.
rewrite ler_pdivl_mulr // mulrC -(ler_pmul2l (ltr0n R 2)) mulrA.
have m2 : 0 <= 2%:R * mu by rewrite mulr_ge0 ?ler0n // ltW.
rewrite -{1}(ger0_norm m2) -normZ scalerBr.
have split (a c v' t' : 'cV[R]_d) : a - c = (a - v') - (c - t') + (v' - t') by vring.
rewrite (split _ _ v t).
have vt (a c f h : 'cV[R]_d) : a + c - (a - f + h) = c + f - h by vring.
have -> : v - t = r + s - e by rewrite vE tE vt.
have he : norm e <= S * norm p by apply: hS.
apply: le_trans (norm_triangle _ _) _.
apply: le_trans (ler_add (norm_triangleB _ _) (norm_triangleB _ _)) _.
have nv : norm v <= rhoN + Q / 2%:R * norm N ^+ 2.
  by rewrite vE; apply: le_trans (norm_triangle _ _) _; apply: ler_add.
have nt : norm t <= rhoN + rho + S * norm p.
  rewrite tE; apply: le_trans (norm_triangle _ _) _; apply: ler_add => //.
  by apply: le_trans (norm_triangleB _ _) _; apply: ler_add.
have nw : norm (r + s) <= Q / 2%:R * norm N ^+ 2 + rho.
  by apply: le_trans (norm_triangle _ _) _; apply: ler_add.
apply: le_trans (ler_add (ler_add (le_trans hq nv) (le_trans hD nt)) (ler_add nw he)) _.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
by move: (norm N ^+ 2) (norm p) => a c; ring.
Qed.
End Influence.
