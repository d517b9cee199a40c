(** * Kantorovich: a stationary point near given parameters, certified from numbers
    that a program can enclose.  No convexity: this is the certificate for networks.
    The proof is Banach's fixed point theorem for x - A g(x); Brouwer's is not needed.

    In every theorem
      g, H        gradient and Hessian of the objective: H x is the derivative of g at
                  every x of the closed ball, coordinate by coordinate, in every direction;
      w0, r       centre and radius of the closed Euclidean ball |w - w0| <= r;
      A           any matrix, in practice an approximate inverse of H w0.  Nothing is
                  assumed of it: that it is invertible follows from kappa < 1.
    A bound s on the norm of a matrix M is written  |M v| <= s |v| for all v.

    Theorems
      unique_stationary_point     hypotheses, all four about numbers:
          (1) |A g(w0)| <= eta
          (2) |(1 - A H(w)) v| <= kappa |v|  for every w in the ball and every v
          (3) kappa < 1
          (4) eta <= (1 - kappa) r
        conclusion: the ball holds exactly one stationary point ws (g ws = 0), and
        |ws - w0| <= eta / (1 - kappa).
      unique_stationary_point_lipschitz   the same with (2) replaced by
          (2') |(1 - A H(w0)) v| <= kappa0 |v|,  |A v| <= a |v|,
               |(H(w) - H(w0)) v| <= K |w - w0| |v| for every w in the ball;
          kappa = kappa0 + a K r.
      kantorovich                 the same hypotheses (2') on a ball of radius rmax, and
          (3') eta + kappa0 r + a K / 2 r^2 <= r,  r <= rmax,
          (4') kappa0 + a K rmax < 1;
        conclusion: exactly one stationary point within rmax, and it is within r.
        With kappa0 = 0 the smallest r is the classical (1 - sqrt(1 - 2h)) / (a K), h = a K eta.
      local_minimum               (1)-(4), and m > 0 with
          (5) <v, H(w) v> >= m |v|^2  for every w in the ball and every v
          (6) F has gradient g on the ball
        conclusion: that stationary point is the unique minimiser of F on the ball:
        F ws + m/2 |w - ws|^2 <= F w  for every w in the ball.
      stationary_minimum          (5), (6) and any stationary point of the ball: the same conclusion.
      local_minimum_strict        if (4) is strict there is a ball around ws inside that of
        w0, so ws is a strict local minimum of F.
      rayleigh_ball               (5) from the centre: <v, H(w0) v> >= m0 |v|^2 and
          |(H(w) - H(w0)) v| <= K |w - w0| |v| give (5) with m = m0 - K r *)
From Coq Require Import Reals.
From Coquelicot Require Import Coquelicot.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From Unlearn Require Import Euclid Convex Newton Slope HessianLipschitz Contraction.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.
#[local] Bind Scope ring_scope with R.

Section Kantorovich.
Variable d : nat.
Implicit Types (x y v w z : 'cV[R]_d) (A : 'M[R]_d) (r eta kappa a K m : R).
Implicit Types (g : 'cV[R]_d -> 'cV[R]_d) (H : 'cV[R]_d -> 'M[R]_d) (F : 'cV[R]_d -> R).

Local Notation ball := (ball (@norm _ d)).

(** [F] has gradient [g] at every point of [P]. *)
Definition gradient_on (P : pred 'cV[R]_d) F g := forall x, P x -> forall v,
  is_derive (fun t : R => F (x + t *: v)) (0 : R) (dot (g x) v).

Lemma ball_center r w0 : 0 <= r -> ball w0 r w0.
Proof. by move=> r0; rewrite /Contraction.ball subrr norm0. Qed.

(** A small enough 1 - A M makes A invertible, in any norm. *)
Lemma approximate_inverse_unit (N : 'cV[R]_d -> R) A (M : 'M[R]_d) kappa :
  vector_norm N -> kappa < 1 ->
  (forall v, N ((1%:M - A *m M) *m v) <= kappa * N v) -> A \in unitmx.
Proof.
move=> vN k1 h; suff : A *m M \in unitmx by rewrite unitmx_mul => /andP [].
rewrite -unitmx_tr -row_free_unit -kermx_eq0; apply/eqP/row_matrixP => i; rewrite row0.
set x := row i _; have : x *m (A *m M)^T = 0 by rewrite -row_mul mulmx_ker row0.
move/(congr1 trmx); rewrite trmx_mul trmxK trmx0 => Ax0.
have := h x^T; rewrite mulmxBl mul1mx Ax0 subr0 => hx.
have k1' : 0 < 1 - kappa by rewrite subr_gt0.
have : (1 - kappa) * N x^T <= 0 by rewrite mulrBl mul1r subr_le0.
by rewrite pmulr_rle0 // => /(vector_norm_eq0 vN) /(congr1 trmx); rewrite trmxK trmx0.
Qed.

(** x - A g(x), whose fixed points are the stationary points. *)
Definition newton_map A g x := x - A *m g x.

Lemma newton_map_fixed A g x : A \in unitmx -> newton_map A g x = x <-> g x = 0.
Proof.
move=> Au; rewrite /newton_map; split=> [h|->]; last by rewrite mulmx0 subr0.
have Ag : A *m g x = 0 by rewrite -[A *m g x](subKr x) h subrr.
by rewrite -[g x](mulKmx Au) Ag mulmx0.
Qed.

Lemma newton_map_contracts A g H w0 r kappa :
  derivative_on (ball w0 r) g H ->
  (forall w, ball w0 r w -> opnorm_le kappa (1%:M - A *m H w)) ->
  forall x y, ball w0 r x -> ball w0 r y ->
  norm (newton_map A g x - newton_map A g y) <= kappa * norm (x - y).
Proof.
move=> hd hk x y hx hy; set z := _ - _ : 'cV[R]_d.
have hP (t : R) : 0 <= t <= 1 -> ball w0 r (y + t *: (x - y)) by apply: ball_segment.
have := @path_increment _ z _ _ (norm z * (kappa * norm (x - y))) (path_derive_newton A hd hP).
have e1 : y + 1 *: (x - y) = x by vring.
have e0 : y + 0 *: (x - y) = y by vring.
rewrite /= e1 e0 -/(newton_map A g x) -/(newton_map A g y) -/z.
rewrite -norm_sq expr2 => h.
have [->|z0] := eqVneq z 0.
  by rewrite norm0; apply: le_trans (hk y hy (x - y)); apply: norm_ge0.
have nz : 0 < norm z by rewrite norm_gt0.
rewrite -(ler_pmul2l nz); apply: h => t ht; apply: le_trans (CauchySchwarz _ _) _.
by rewrite ler_wpmul2l ?norm_ge0 //; apply: hk; apply: hP.
Qed.

Lemma ball_sub w0 r r' : r <= r' -> forall w, ball w0 r w -> ball w0 r' w.
Proof. by move=> h w; rewrite /Contraction.ball => /le_trans; apply. Qed.

(** The core: a self-map of one ball, a contraction of a larger one. *)
Lemma stationary_point A g H w0 r rmax kappa : 0 <= r -> r <= rmax ->
  derivative_on (ball w0 rmax) g H ->
  (forall w, ball w0 rmax w -> opnorm_le kappa (1%:M - A *m H w)) -> kappa < 1 ->
  (forall w, ball w0 r w -> ball w0 r (newton_map A g w)) ->
  exists ws, [/\ g ws = 0, ball w0 r ws &
    forall w, ball w0 rmax w -> g w = 0 -> w = ws].
Proof.
move=> r0 rr hd hk k1 self.
have w0b : ball w0 rmax w0 by apply: ball_center; apply: le_trans r0 rr.
have Au : A \in unitmx := approximate_inverse_unit (vector_norm_euclid d) k1 (hk _ w0b).
pose q := Num.max 0 kappa.
have q1 : 0 <= q < 1 by rewrite le_maxr lexx lt_maxl ltr01 k1.
have ct x y : ball w0 rmax x -> ball w0 rmax y ->
    norm (newton_map A g x - newton_map A g y) <= q * norm (x - y).
  move=> hx hy; apply: le_trans (newton_map_contracts hd hk hx hy) _.
  by rewrite ler_wpmul2r ?norm_ge0 // le_maxr lexx orbT.
have [ws wsb fix_ws] := fixed_point (vector_norm_euclid d) q1 r0 self
  (fun x y hx hy => ct x y (ball_sub rr hx) (ball_sub rr hy)).
have gws : g ws = 0 by apply/(newton_map_fixed g ws Au).
exists ws; split=> // w wb /(newton_map_fixed g w Au) fix_w.
exact: (fixed_point_unique (vector_norm_euclid d) q1 ct wb (ball_sub rr wsb) fix_w fix_ws).
Qed.

Theorem unique_stationary_point A g H w0 r eta kappa :
  derivative_on (ball w0 r) g H ->
  norm (A *m g w0) <= eta ->
  (forall w, ball w0 r w -> opnorm_le kappa (1%:M - A *m H w)) ->
  kappa < 1 -> eta <= (1 - kappa) * r ->
  exists ws, [/\ g ws = 0, norm (ws - w0) <= eta / (1 - kappa) &
    forall w, norm (w - w0) <= r -> g w = 0 -> w = ws].
Proof.
move=> hd he hk k1 hr.
have k1' : 0 < 1 - kappa by rewrite subr_gt0.
have e0 : 0 <= eta := le_trans (norm_ge0 _) he.
have r0 : 0 <= eta / (1 - kappa) by rewrite divr_ge0 // ltW.
have rr : eta / (1 - kappa) <= r by rewrite ler_pdivr_mulr // mulrC.
have self w : ball w0 (eta / (1 - kappa)) w -> ball w0 (eta / (1 - kappa)) (newton_map A g w).
  move=> wb; have c0 := ball_center w0 (le_trans r0 rr).
  have h := newton_map_contracts hd hk (ball_sub rr wb) c0.
  rewrite /Contraction.ball.
  have -> : newton_map A g w - w0 = (newton_map A g w - newton_map A g w0) - A *m g w0.
    by rewrite /newton_map; move: (A *m g w) (A *m g w0) => b e; vring.
  have [k0|k0] := lerP 0 kappa.
    apply: le_trans (norm_triangleB _ _) _; apply: le_trans (ler_add h he) _.
    apply: le_trans (ler_add (ler_wpmul2l k0 wb) (lexx _)) _.
    by rewrite le_eqVlt; apply/orP; left; apply/eqP; field; rewrite gt_eqF.
  have all0 v : norm v <= 0.
    have := le_trans (norm_ge0 _) (hk _ (ball_center w0 (le_trans r0 rr)) v).
    by rewrite nmulr_rge0.
  apply: le_trans r0.
  have -> : (newton_map A g w - newton_map A g w0) - A *m g w0 = newton_map A g w - w0.
    by rewrite /newton_map; move: (A *m g w) (A *m g w0) => b e; vring.
  exact: all0.
have [ws [gws wsb wsu]] := stationary_point r0 rr hd hk k1 self.
by exists ws; split.
Qed.

(** ** The bound on 1 - A H over the ball, from the centre and a Lipschitz constant. *)
Lemma opnorm_from_center A H w0 r kappa0 a K : 0 <= a -> 0 <= K ->
  opnorm_le kappa0 (1%:M - A *m H w0) -> opnorm_le a A ->
  (forall w, ball w0 r w -> opnorm_le (K * norm (w - w0)) (H w - H w0)) ->
  forall w, ball w0 r w -> opnorm_le (kappa0 + a * K * norm (w - w0)) (1%:M - A *m H w).
Proof.
move=> a0 K0 h0 hA hK w wb v.
have -> : (1%:M - A *m H w) *m v = (1%:M - A *m H w0) *m v - A *m ((H w - H w0) *m v).
  rewrite !mulmxBl mulmxBr -!mulmxA; move: (A *m (H w *m v)) (A *m (H w0 *m v)) => b c.
  by vring.
apply: le_trans (norm_triangleB _ _) _; rewrite mulrDl; apply: ler_add; first exact: h0.
by apply: le_trans (hA _) _; rewrite -!mulrA ler_wpmul2l // mulrA; apply: hK.
Qed.

Theorem unique_stationary_point_lipschitz A g H w0 r eta kappa0 a K :
  derivative_on (ball w0 r) g H -> 0 <= a -> 0 <= K ->
  norm (A *m g w0) <= eta ->
  opnorm_le kappa0 (1%:M - A *m H w0) -> opnorm_le a A ->
  (forall w, ball w0 r w -> opnorm_le (K * norm (w - w0)) (H w - H w0)) ->
  let kappa := kappa0 + a * K * r in
  kappa < 1 -> eta <= (1 - kappa) * r ->
  exists ws, [/\ g ws = 0, norm (ws - w0) <= eta / (1 - kappa) &
    forall w, norm (w - w0) <= r -> g w = 0 -> w = ws].
Proof.
move=> hd a0 K0 he h0 hA hK kappa k1 hr; apply: unique_stationary_point hd he _ k1 hr => w wb v.
apply: le_trans (opnorm_from_center a0 K0 h0 hA hK wb v) _.
by rewrite ler_wpmul2r ?norm_ge0 // ler_add2l ler_wpmul2l ?mulr_ge0.
Qed.

Theorem kantorovich A g H w0 r rmax eta kappa0 a K :
  derivative_on (ball w0 rmax) g H -> 0 <= a -> 0 <= K -> 0 <= kappa0 ->
  norm (A *m g w0) <= eta ->
  opnorm_le kappa0 (1%:M - A *m H w0) -> opnorm_le a A ->
  (forall w, ball w0 rmax w -> opnorm_le (K * norm (w - w0)) (H w - H w0)) ->
  0 <= r -> r <= rmax -> eta + kappa0 * r + a * K / 2%:R * r ^+ 2 <= r ->
  kappa0 + a * K * rmax < 1 ->
  exists ws, [/\ g ws = 0, norm (ws - w0) <= r &
    forall w, norm (w - w0) <= rmax -> g w = 0 -> w = ws].
Proof.
move=> hd a0 K0 k0 he h0 hA hK r0 rr hr k1.
have hk w : ball w0 rmax w -> opnorm_le (kappa0 + a * K * rmax) (1%:M - A *m H w).
  move=> wb v; apply: le_trans (opnorm_from_center a0 K0 h0 hA hK wb v) _.
  by rewrite ler_wpmul2r ?norm_ge0 // ler_add2l ler_wpmul2l ?mulr_ge0.
apply: (stationary_point r0 rr hd hk k1) => w wb.
have cb : ball w0 rmax w0 by apply: ball_center; apply: le_trans r0 rr.
set p := w - w0; set z := newton_map A g w - newton_map A g w0.
have hP (t : R) : 0 <= t <= 1 -> ball w0 rmax (w0 + t *: p).
  by apply: ball_segment => //; apply: ball_sub wb.
have hz : norm z <= kappa0 * norm p + a * K / 2%:R * norm p ^+ 2.
  have := @path_increment_linear _ z _ _ (norm z * (kappa0 * norm p))
    (norm z * (a * K * norm p ^+ 2)) (path_derive_newton A hd hP).
  have e1 : w0 + 1 *: p = w by rewrite /p; vring.
  have e0 : w0 + 0 *: p = w0 by vring.
  rewrite /= e1 e0 -/(newton_map A g w) -/(newton_map A g w0) -/z -norm_sq expr2 => h.
  have [->|z0] := eqVneq z 0.
    rewrite norm0 addr_ge0 ?mulr_ge0 ?norm_ge0 ?exprn_ge0 ?norm_ge0 //.
    by rewrite invr_ge0 ler0n.
  have nz : 0 < norm z by rewrite norm_gt0.
  rewrite -(ler_pmul2l nz); apply: le_trans (h _) _ => [t ht|].
    apply: le_trans (CauchySchwarz _ _) _.
    rewrite -[norm z * _ * t]mulrA -mulrDr ler_wpmul2l ?norm_ge0 //.
    apply: le_trans (opnorm_from_center a0 K0 h0 hA hK (hP t ht) p) _.
    have -> : w0 + t *: p - w0 = t *: p by vring.
    rewrite normZ ger0_norm; last by case/andP: ht.
    by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
  by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
rewrite /Contraction.ball.
have -> : newton_map A g w - w0 = z - A *m g w0.
  by rewrite /z /newton_map; move: (A *m g w) (A *m g w0) => b e; vring.
apply: le_trans (norm_triangleB _ _) _; apply: le_trans hr.
rewrite -addrA addrC; apply: ler_add => //; apply: le_trans hz _; apply: ler_add.
  exact: ler_wpmul2l.
by rewrite ler_wpmul2l ?divr_ge0 ?mulr_ge0 ?ler0n // ler_sqr ?nnegrE ?norm_ge0.
Qed.

(** ** Minima. *)
Lemma gradient_path (P : pred 'cV[R]_d) F g x v (t : R) : gradient_on P F g -> P (x + t *: v) ->
  is_derive (fun s : R => F (x + s *: v)) t (dot (g (x + t *: v)) v).
Proof.
move=> hF hP; apply: is_derive_shift; apply: is_derive_ext (hF _ hP v) => s.
by rewrite -addrA -scalerDl.
Qed.

Lemma gradient_of_stationary g H w0 r m x y :
  derivative_on (ball w0 r) g H ->
  (forall w, ball w0 r w -> rayleigh_ge m (H w)) -> ball w0 r x -> ball w0 r y -> g x = 0 ->
  m * norm (y - x) ^+ 2 <= dot (g y) (y - x).
Proof.
move=> hd hm hx hy gx; set v := y - x.
have hP (t : R) : 0 <= t <= 1 -> ball w0 r (x + t *: v) by apply: ball_segment.
have pd : path_derive (fun s => g (x + s *: v)) (fun s => H (x + s *: v) *m v).
  by move=> t ht i; apply: derivative_path hd (hP t ht).
have := @path_increment _ (- v) _ _ (- (m * norm v ^+ 2)) pd.
rewrite scale1r scale0r addr0 gx subr0 dotNl ler_opp2.
have -> : x + v = y by rewrite /v; vring.
rewrite dotC; apply => t ht; rewrite dotNl ler_opp2; exact: hm (hP t ht) v.
Qed.

(** A stationary point in a ball where the Hessian is at least m > 0. *)
Theorem stationary_minimum F g H w0 r m ws :
  derivative_on (ball w0 r) g H -> gradient_on (ball w0 r) F g ->
  (forall w, ball w0 r w -> rayleigh_ge m (H w)) ->
  ball w0 r ws -> g ws = 0 ->
  forall w, ball w0 r w -> F ws + m / 2%:R * norm (w - ws) ^+ 2 <= F w.
Proof.
move=> hd hF hm hs gs w hw; set v := w - ws.
have hP (t : R) : 0 <= t <= 1 -> ball w0 r (ws + t *: v) by apply: ball_segment.
pose p t := - F (ws + t *: v); pose p' t := - dot (g (ws + t *: v)) v.
have : 2%:R * (p 1 - p 0) <= - (m * norm v ^+ 2).
  apply/RleP; apply: (@increment_le_half_slope p p') => t [/RleP t0 /RleP t1].
    have ht : 0 <= t <= 1 by apply/andP; split.
    exact: (is_derive_opp (fun s : R => F (ws + s *: v)) t _ (gradient_path hF (hP t ht))).
  have ht : 0 <= t <= 1 by apply/andP; split.
  apply/RleP; rewrite /p' RmultE mulNr ler_opp2.
  have [->|t00] := eqVneq t 0; first by rewrite mulr0 scale0r addr0 gs dot0l.
  have tp : 0 < t by rewrite lt_neqAle eq_sym t00.
  have := gradient_of_stationary hd hm hs (hP t ht) gs.
  have -> : ws + t *: v - ws = t *: v by vring.
  rewrite normZ ger0_norm // dotZr exprMn expr2 => h.
  rewrite -(ler_pmul2l tp); apply: le_trans h.
  by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
have -> : p 1 = - F w by rewrite /p; congr (- F _); rewrite /v; vring.
have -> : p 0 = - F ws by rewrite /p; congr (- F _); vring.
move=> h; rewrite -subr_ge0.
have -> : F w - (F ws + m / 2%:R * norm v ^+ 2)
  = (- (m * norm v ^+ 2) - 2%:R * (- F w - - F ws)) / 2%:R by field.
by rewrite divr_ge0 ?ler0n // subr_ge0.
Qed.

Theorem local_minimum F A g H w0 r eta kappa m :
  derivative_on (ball w0 r) g H -> gradient_on (ball w0 r) F g ->
  norm (A *m g w0) <= eta ->
  (forall w, ball w0 r w -> opnorm_le kappa (1%:M - A *m H w)) ->
  kappa < 1 -> eta <= (1 - kappa) * r ->
  (forall w, ball w0 r w -> rayleigh_ge m (H w)) ->
  exists ws, [/\ g ws = 0, norm (ws - w0) <= eta / (1 - kappa),
    forall w, norm (w - w0) <= r -> g w = 0 -> w = ws &
    forall w, norm (w - w0) <= r -> F ws + m / 2%:R * norm (w - ws) ^+ 2 <= F w].
Proof.
move=> hd hF he hk k1 hr hm.
have [ws [gs ds us]] := unique_stationary_point hd he hk k1 hr.
exists ws; split=> // w hw; apply: (stationary_minimum hd hF hm) => //.
have k1' : 0 < 1 - kappa by rewrite subr_gt0.
by rewrite /Contraction.ball; apply: le_trans ds _; rewrite ler_pdivr_mulr // mulrC.
Qed.

Theorem local_minimum_strict F A g H w0 r eta kappa m :
  derivative_on (ball w0 r) g H -> gradient_on (ball w0 r) F g ->
  norm (A *m g w0) <= eta ->
  (forall w, ball w0 r w -> opnorm_le kappa (1%:M - A *m H w)) ->
  kappa < 1 -> eta < (1 - kappa) * r -> 0 < m ->
  (forall w, ball w0 r w -> rayleigh_ge m (H w)) ->
  exists ws, exists2 rho, 0 < rho & forall w, norm (w - ws) <= rho -> w != ws -> F ws < F w.
Proof.
move=> hd hF he hk k1 hr m0 hm.
have [ws [_ ds _ mins]] := local_minimum hd hF he hk k1 (ltW hr) hm.
have k1' : 0 < 1 - kappa by rewrite subr_gt0.
exists ws; exists (r - eta / (1 - kappa)).
  by rewrite subr_gt0 ltr_pdivr_mulr // mulrC.
move=> w hw wn; apply: lt_le_trans (mins w _).
  by rewrite ltr_addl mulr_gt0 ?divr_gt0 ?ltr0n // exprn_gt0 // norm_gt0 subr_eq0.
have -> : w - w0 = (w - ws) + (ws - w0) by rewrite addrA subrK.
apply: le_trans (norm_triangle _ _) _; apply: le_trans (ler_add hw ds) _.
by rewrite subrK.
Qed.

Theorem rayleigh_ball H w0 r m0 K : 0 <= K -> rayleigh_ge m0 (H w0) ->
  (forall w, ball w0 r w -> opnorm_le (K * norm (w - w0)) (H w - H w0)) ->
  forall w, ball w0 r w -> rayleigh_ge (m0 - K * r) (H w).
Proof.
move=> K0 h0 hK w wb v.
have -> : H w *m v = H w0 *m v + (H w - H w0) *m v by rewrite mulmxBl addrC subrK.
rewrite dotDr mulrBl; apply: ler_add; first exact: h0.
rewrite -ler_opp2 opprK -dotNr; apply: le_trans (CauchySchwarz _ _) _.
rewrite normN expr2 mulrA mulrC; apply: ler_wpmul2r; first exact: norm_ge0.
apply: le_trans (hK w wb v) _; rewrite ler_wpmul2r ?norm_ge0 //.
by apply: ler_wpmul2l wb.
Qed.

End Kantorovich.
