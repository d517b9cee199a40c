(** * Localisation: how far the exactly retrained model can be, from a gradient and a
    curvature at the given parameters alone, by generalised self-concordance; sharper than
    |grad| / lam whenever the curvature there exceeds the ridge.  Over the reals.

    With curvature bound m0 at w (<v, H(w) v> >= m0 |v|^2), ridge lam, and k = kappa Rx
    (kappa = 1 for logistic, sqrt 2 for softmax loss; Rx >= |x_i| for the rows of weight <> 0):
      reach lam m0 k rho = lam rho + (m0 - lam) (1 - exp (- k rho)) / k     (Concordance.v)

    Definitions
      decay lam m k H w      <u, H(w + v) u> >= (lam + (m - lam) exp (- k |v|)) |u|^2
      row_concordant kappa   ddphi (a + t) >= ddphi a exp (- kappa |t|)
      rows_concordant kappa  the same for rows with several scores

    Theorems
      localisation           reach lam m k rho >= |g w| implies |w - ws| <= rho
      decay_rayleigh         on that ball the curvature is at least lam + (m - lam) exp (- k rho) ...
      localised_residual     ... so a gradient there gives |x - ws| <= |g x| / that
      localised_newton       ... and so does the residual of a Newton step
      glm_decay, multi_decay linear models with concordant rows decay like this
      logistic_distance      the localisation of the logistic-ridge model, hypotheses:
          w_i >= 0, 0 <= lam <= m0, 0 < m0, 0 < Rx, |x_i| <= Rx where w_i <> 0,
          <v, H(w) v> >= m0 |v|^2, 0 <= rho, |grad w| <= reach lam m0 Rx rho, grad ws = 0;
          conclusion |w - ws| <= rho
      logistic_curvature     the curvature on that ball
      softmax_distance, softmax_curvature   the same with k = sqrt 2 Rx *)
From Coq Require Import Reals.
From Coquelicot Require Import Coquelicot.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From Unlearn Require Import Euclid Convex Newton Glm Softmax Multi Slope Logistic Concordance
  HessianLipschitz Contraction Kantorovich LogisticModel SoftmaxModel SoftmaxHessian
  SoftmaxDerivative.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.
#[local] Bind Scope ring_scope with R.

Section Localisation.
Variables (d : nat) (g : 'cV[R]_d -> 'cV[R]_d) (H : 'cV[R]_d -> 'M[R]_d) (w : 'cV[R]_d).
Variables (lam m k : R).
Implicit Types (x ws u v p : 'cV[R]_d).

Definition decay := forall v u,
  (lam + (m - lam) * exp (- (k * norm v))) * norm u ^+ 2 <= dot u (H (w + v) *m u).

Hypotheses (hd : derivative_of g H) (hdec : decay) (lm : 0 <= lam <= m) (m0 : 0 < m) (k0 : 0 < k).

Theorem localisation ws (rho : R) : 0 <= rho -> norm (g w) <= reach lam m k rho ->
  g ws = 0 -> norm (w - ws) <= rho.
Proof.
move=> rho0 hr gs; rewrite normBC; set u := ws - w; set r := norm u.
have [u0|u0] := eqVneq u 0; first by rewrite /r u0 norm0.
have r0 : 0 < r by rewrite /r norm_gt0.
have kr : Rlt 0 (Rmult k r) by apply/RltP; rewrite RmultE mulr_gt0.
pose p t := dot u (g (w + t *: u)); pose p' t := dot u (H (w + t *: u) *m u).
apply/RleP; apply: (@reach_bound lam m k rho r (norm (g w))).
- by case/andP: lm => ? ?; split; apply/RleP.
- exact/RltP.
- exact/RltP.
- exact/RleP.
- have := @increment_ge_exp p p' (Rmult lam (Rmult r r)) (Rmult (Rminus m lam) (Rmult r r))
    (Rmult k r) (Rgt_not_eq _ _ kr).
  move=> h; apply: (Rle_trans _ (Rminus (p 1) (p 0))).
    apply: h => t [/RleP t0 /RleP t1]; first exact: derivative_along.
    apply/RleP; rewrite /p' RplusE RoppE !RmultE RminusE.
    apply: le_trans (hdec (t *: u) u); rewrite normZ (ger0_norm t0) -/r.
    have -> : k * r * t = k * (t * r) by ring.
    rewrite le_eqVlt; apply/orP; left; apply/eqP; move: (exp _) => e.
    by ring.
  apply/RleP; rewrite RminusE RmultE /p scale1r scale0r addr0 -dotBr.
  have -> : w + u = ws by rewrite /u; vring.
  rewrite gs sub0r; apply: le_trans (CauchySchwarz _ _) _.
  by rewrite normN.
- exact/RleP.
Qed.

Theorem decay_rayleigh (rho : R) x : ball (@norm _ d) w rho x ->
  rayleigh_ge (lam + (m - lam) * exp (- (k * rho))) (H x).
Proof.
rewrite /ball => hx u; have := hdec (x - w) u; have -> : w + (x - w) = x by vring.
apply: le_trans; rewrite ler_wpmul2r ?exprn_ge0 ?norm_ge0 // ler_add2l.
rewrite ler_wpmul2l ?subr_ge0 //; first by case/andP: lm.
have hk : k * norm (x - w) <= k * rho by rewrite ler_wpmul2l // ltW.
have : - (k * rho) <= - (k * norm (x - w)) by rewrite ler_opp2.
rewrite le_eqVlt => /orP [/eqP -> //|h].
by apply/ltW/RltP; apply: exp_increasing; apply/RltP.
Qed.

Theorem localised_residual (rho : R) x ws : ball (@norm _ d) w rho x -> ball (@norm _ d) w rho ws ->
  g ws = 0 -> norm (x - ws) <= norm (g x) / (lam + (m - lam) * exp (- (k * rho))).
Proof.
move=> hx hs gs; set kc := lam + _.
have e0 : 0 < exp (- (k * rho)) by apply/RltP; apply: exp_pos.
have kc0 : 0 < kc.
  case/andP: lm => l0 l1; rewrite /kc; have [->|ln] := eqVneq lam 0.
    by rewrite subr0 add0r mulr_gt0.
  by rewrite ltr_spaddl ?mulr_ge0 ?subr_ge0 ?(ltW e0) // lt_neqAle eq_sym ln.
have h := gradient_of_stationary (derivative_of_on hd) (@decay_rayleigh rho) hs hx gs.
rewrite ler_pdivl_mulr // mulrC; have [->|nz] := eqVneq (x - ws) 0.
  by rewrite norm0 mulr0 norm_ge0.
have n0 : 0 < norm (x - ws) by rewrite norm_gt0.
by rewrite -(ler_pmul2r n0) -mulrA -expr2; apply: le_trans h (CauchySchwarz _ _).
Qed.

(** A Newton step from anywhere that lands in the ball. *)
Theorem localised_newton (Q rho r : R) u p ws : quadratic_remainder Q g H ->
  norm (H u *m p + g u) <= r -> ball (@norm _ d) w rho (u + p) -> ball (@norm _ d) w rho ws ->
  g ws = 0 ->
  norm (u + p - ws) <= (r + Q / 2%:R * norm p ^+ 2) / (lam + (m - lam) * exp (- (k * rho))).
Proof.
move=> rem res hp hs gs; apply: le_trans (localised_residual hp hs gs) _.
have e0 : 0 <= exp (- (k * rho)) by apply/RleP/Rlt_le/exp_pos.
apply: ler_wpmul2r; last exact: newton_residual rem res.
by case/andP: lm => l0 l1; rewrite invr_ge0 addr_ge0 ?mulr_ge0 ?subr_ge0.
Qed.
End Localisation.

(** ** One score per row. *)
Section Glm.
Variables (n d : nat) (ddphi : 'I_n -> R -> R) (w : 'I_n -> R) (lam : R) (X : 'M[R]_(n, d)).
Hypotheses (w0 : forall i, 0 <= w i) (dd0 : forall i a, 0 <= ddphi i a).

Definition row_concordant (kappa : R) := forall i a t,
  ddphi i a * exp (- (kappa * `|t|)) <= ddphi i (a + t).

Lemma exp_decreasing (a b : R) : a <= b -> exp (- b) <= exp (- a).
Proof.
rewrite -ler_opp2 le_eqVlt => /orP [/eqP -> //|h].
by apply/ltW/RltP; apply: exp_increasing; apply/RltP.
Qed.

Theorem glm_decay (kappa Rx m : R) th : 0 <= kappa -> row_concordant kappa ->
  (forall i, w i != 0 -> norm (sample X i) <= Rx) -> rayleigh_ge m (glm_hess ddphi w lam X th) ->
  decay (glm_hess ddphi w lam X) th lam m (kappa * Rx).
Proof.
move=> ka0 con hR hm v u; have := hm u; rewrite !Glm.dot_hess -ler_subl_addr -mulrBl => {}hm.
rewrite mulrDl addrC ler_add2r mulrAC.
have e0 : 0 <= exp (- (kappa * Rx * norm v)) by apply/RleP/Rlt_le/exp_pos.
apply: le_trans (ler_wpmul2r e0 hm) _; rewrite mulr_suml; apply: ler_sum => i _.
have [wi|wi] := eqVneq (w i) 0; first by rewrite wi !mul0r.
have -> : w i * ddphi i (logit X th i) * logit X u i ^+ 2 * exp (- (kappa * Rx * norm v))
  = w i * (ddphi i (logit X th i) * exp (- (kappa * Rx * norm v))) * logit X u i ^+ 2.
  by move: (exp _) => e; ring.
rewrite ler_wpmul2r ?sqr_ge0 // ler_wpmul2l // logitD; apply: le_trans (con _ _ _).
rewrite ler_wpmul2l // exp_decreasing // -mulrA ler_wpmul2l //.
by apply: le_trans (logit_abs X v i) _; rewrite ler_wpmul2r ?norm_ge0 ?hR.
Qed.
End Glm.

Section Logistic.
Variables (n d : nat) (w : 'I_n -> R) (lam m0 Rx : R) (X : 'M[R]_(n, d)) (y : 'I_n -> R) (b : 'cV[R]_d).
Hypotheses (w0 : forall i, 0 <= w i) (lm : 0 <= lam <= m0) (m00 : 0 < m0) (R0 : 0 < Rx).
Hypothesis hR : forall i, w i != 0 -> norm (sample X i) <= Rx.

Lemma logistic_concordant : row_concordant (@ddlogloss n) 1.
Proof. by move=> i a t; rewrite mul1r; apply/RleP; apply: sigma'_decay. Qed.

Lemma logistic_decay th : rayleigh_ge m0 (logistic_hess w lam X th) ->
  decay (logistic_hess w lam X) th lam m0 Rx.
Proof.
move=> hm; have := glm_decay w0 _ ler01 logistic_concordant hR hm; rewrite mul1r; apply => i a.
by apply/RleP/Rlt_le; case: (sigma'_bounds a).
Qed.

Theorem logistic_distance (rho : R) th ws :
  rayleigh_ge m0 (logistic_hess w lam X th) -> 0 <= rho ->
  norm (logistic_grad w lam X y b th) <= reach lam m0 Rx rho ->
  logistic_grad w lam X y b ws = 0 -> norm (th - ws) <= rho.
Proof.
move=> hm; exact: (localisation (@logistic_derivative _ _ w lam X y b) (logistic_decay hm) lm m00 R0).
Qed.

Theorem logistic_curvature (rho : R) th x :
  rayleigh_ge m0 (logistic_hess w lam X th) -> norm (x - th) <= rho ->
  rayleigh_ge (lam + (m0 - lam) * exp (- (Rx * rho))) (logistic_hess w lam X x).
Proof. by move=> hm; apply: (decay_rayleigh (logistic_decay hm) lm R0). Qed.
End Logistic.

(** ** Several scores per row. *)
Section Softmax.
Variables (n k d : nat) (w : 'I_n -> R) (lam m0 Rx : R).
Variables (S : 'I_n -> 'M[R]_(k.+1, d)) (y : 'I_n -> 'cV[R]_k.+1) (b : 'cV[R]_d).
Implicit Types (z r t : 'cV[R]_k.+1).

(** One entry minus the mean is at most sqrt 2 |r|. *)
Lemma centred_le (p : 'I_k.+1 -> R) r c : (forall j, 0 <= p j) -> \sum_j p j = 1 ->
  `|centred p r c| <= Num.sqrt 2%:R * norm r.
Proof.
move=> p0 p1; have spread j : `|r c 0 - r j 0| <= Num.sqrt 2%:R * norm r.
  rewrite -ler_sqr ?nnegrE ?mulr_ge0 ?sqrtr_ge0 ?norm_ge0 ?normr_ge0 //.
  rewrite real_normK ?num_real // exprMn sqr_sqrtr ?ler0n // norm_sq.
  have -> : dot r r = \sum_l r l 0 ^+ 2 by apply: eq_bigr => l _; rewrite expr2.
  exact: (spread_sq (fun j => r j 0) c j).
have -> : centred p r c = \sum_j p j * (r c 0 - r j 0).
  rewrite /centred /mean -{1}[r c 0]mul1r -p1 mulr_suml -sumrB; apply: eq_bigr => j _.
  by rewrite /entries -mulrBr.
move: (_ * norm r) spread => K spread.
apply: le_trans (ler_norm_sum _ _ _) _; rewrite -[X in _ <= X]mul1r -p1 mulr_suml.
by apply: ler_sum => j _; rewrite normrM (ger0_norm (p0 j)) ler_wpmul2l.
Qed.

Definition rows_concordant (ddphi : 'I_n -> 'cV[R]_k.+1 -> 'M[R]_k.+1) (kappa : R) :=
  forall i z r t, dot t (ddphi i z *m t) * exp (- (kappa * norm r))
    <= dot t (ddphi i (z + r) *m t).

Lemma cross_entropy_concordant : rows_concordant (@ddcross_entropy n k) (Num.sqrt 2%:R).
Proof.
move=> i z r t; rewrite !SoftmaxHessian.dot_hess.
pose f s := covariance (prob (z + s *: r)) t t.
have -> : covariance (prob (z + r)) t t = f 1 by rewrite /f scale1r.
have -> : covariance (prob z) t t = f 0 by rewrite /f scale0r addr0.
apply/RleP; apply: (@decay_exp f (fun s => trilinear (prob (z + s *: r)) t t r)).
  by move=> s _; apply: covariance_derivative_along.
move=> s _; apply/RleP; set p := prob _; rewrite RmultE RoppE mulNr.
have var : f s = mean p (fun c => centred p t c * centred p t c).
  have -> : f s = variance p (entries t).
    by rewrite variance_quadratic ?prob_sum1 // expr2; apply: eq_bigr => c _; rewrite expr2.
  by apply: eq_mean => c; rewrite expr2.
rewrite var ler_oppl /trilinear -meanZ -[X in _ <= X]mul1r.
have -> : - mean p (fun c => centred p t c * centred p t c * centred p r c)
  = mean p (fun c => (-1) * (centred p t c * centred p t c * centred p r c)).
  by rewrite meanZ mulN1r.
rewrite mul1r; apply: ler_sum => c _; rewrite ler_wpmul2l ?prob_ge0 // mulN1r.
rewrite -mulrN mulrC ler_wpmul2r -?expr2 ?sqr_ge0 //.
apply: le_trans (ler_norm _) _; rewrite normrN.
by apply: centred_le; [apply: prob_ge0 | apply: prob_sum1].
Qed.

Hypotheses (w0 : forall i, 0 <= w i) (lm : 0 <= lam <= m0) (m00 : 0 < m0) (R0 : 0 < Rx).
Hypothesis hR : forall i, w i != 0 -> forall v, norm (S i *m v) <= Rx * norm v.

Lemma multi_dot_hess ddphi th v : dot v (multi_hess ddphi w lam S th *m v)
  = (\sum_i w i * dot (S i *m v) (ddphi i (S i *m th) *m (S i *m v))) + lam * norm v ^+ 2.
Proof.
rewrite multi_hess_mul dotDr dotZr -norm_sq dotC dot_sum; congr (_ + _).
by apply: eq_bigr => i _; rewrite dotZl dotC dot_trmulmx.
Qed.

Theorem multi_decay ddphi (kappa : R) th : 0 <= kappa -> rows_concordant ddphi kappa ->
  (forall i z t, 0 <= dot t (ddphi i z *m t)) ->
  rayleigh_ge m0 (multi_hess ddphi w lam S th) ->
  decay (multi_hess ddphi w lam S) th lam m0 (kappa * Rx).
Proof.
move=> ka0 con dd0 hm v u; have := hm u; rewrite !multi_dot_hess -ler_subl_addr -mulrBl => {}hm.
rewrite mulrDl addrC ler_add2r mulrAC.
have e0 : 0 <= exp (- (kappa * Rx * norm v)) by apply/RleP/Rlt_le/exp_pos.
apply: le_trans (ler_wpmul2r e0 hm) _; rewrite mulr_suml; apply: ler_sum => i _.
have [wi|wi] := eqVneq (w i) 0; first by rewrite wi !mul0r.
rewrite -[X in X <= _]mulrA; apply: ler_wpmul2l => //.
have -> : S i *m (th + v) = S i *m th + S i *m v by rewrite mulmxDr.
apply: le_trans (con _ _ _ _); apply: ler_wpmul2l => //; apply: exp_decreasing.
by rewrite -mulrA; apply: ler_wpmul2l => //; apply: hR.
Qed.

Lemma softmax_decay th : rayleigh_ge m0 (softmax_hess w lam S th) ->
  decay (softmax_hess w lam S) th lam m0 (Num.sqrt 2%:R * Rx).
Proof.
apply: multi_decay; [exact: sqrtr_ge0 | exact: cross_entropy_concordant |].
by move=> i z t; rewrite (cross_entropy_hess i) variance_prob_ge0.
Qed.

Let k0 : 0 < Num.sqrt 2%:R * Rx. Proof. by rewrite mulr_gt0 ?sqrtr_gt0 ?ltr0n. Qed.

Theorem softmax_distance (rho : R) th ws :
  rayleigh_ge m0 (softmax_hess w lam S th) -> 0 <= rho ->
  norm (softmax_grad w lam S y b th) <= reach lam m0 (Num.sqrt 2%:R * Rx) rho ->
  softmax_grad w lam S y b ws = 0 -> norm (th - ws) <= rho.
Proof.
by move=> hm; exact: (localisation (@softmax_derivative _ _ _ w lam S y b) (softmax_decay hm) lm m00 k0).
Qed.

Theorem softmax_curvature (rho : R) th x :
  rayleigh_ge m0 (softmax_hess w lam S th) -> norm (x - th) <= rho ->
  rayleigh_ge (lam + (m0 - lam) * exp (- (Num.sqrt 2%:R * Rx * rho))) (softmax_hess w lam S x).
Proof. by move=> hm; apply: (decay_rayleigh (softmax_decay hm) lm k0). Qed.
End Softmax.
