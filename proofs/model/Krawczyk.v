(** * Krawczyk: a stationary point in a box, certified coordinate by coordinate.
    The strict form, which needs only Banach's fixed point theorem.  Over the reals.

    Setting: g, H as in Kantorovich.v; the box |x_i - w0_i| <= rad_i, every rad_i > 0;
    A any matrix; C_ij bounds |(1 - A H(w))_ij| over the box (from interval arithmetic).

    Definitions
      box w0 rad x         |x_i - w0_i| <= rad_i for every i
      box_norm rad u       the largest |u_i| / rad_i

    Theorems
      krawczyk             if |A g(w0)|_i + sum_j C_ij rad_j < rad_i for every i, the box holds
                           exactly one stationary point ws, and
                           |ws_i - w0_i| <= |A g(w0)|_i + sum_j C_ij rad_j *)
From Coq Require Import Reals.
From Coquelicot Require Import Coquelicot.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From Unlearn Require Import Euclid Convex Newton Slope HessianLipschitz Contraction Kantorovich.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.
#[local] Bind Scope ring_scope with R.

Section Largest.
Variables (I : finType) (f : I -> R).
Definition largest : R := \big[Num.max/0]_i f i.

Lemma le_largest i : f i <= largest.
Proof.
rewrite /largest; have : i \in index_enum I by apply: mem_index_enum.
elim: (index_enum I) => [//|j s IH]; rewrite inE big_cons le_maxr.
by case/orP=> [/eqP <-|/IH ->]; rewrite ?lexx ?orbT.
Qed.

Lemma largest_le e : 0 <= e -> (forall i, f i <= e) -> largest <= e.
Proof. by move=> e0 h; rewrite /largest; elim/big_ind: _ => // a b ha hb; rewrite le_maxl ha. Qed.

Lemma largest_lt e : 0 < e -> (forall i, f i < e) -> largest < e.
Proof. by move=> e0 h; rewrite /largest; elim/big_ind: _ => // a b ha hb; rewrite lt_maxl ha. Qed.

Lemma largest_ge0 : 0 <= largest.
Proof. by rewrite /largest; elim/big_rec: _ => // i x _ x0; rewrite le_maxr x0 orbT. Qed.
End Largest.

Section Box.
Variables (d : nat) (rad : 'I_d -> R).
Hypothesis rad0 : forall i, 0 < rad i.
Implicit Types (x y u v w : 'cV[R]_d).

Definition box w0 : pred 'cV[R]_d := fun x => [forall i, `|x i 0 - w0 i 0| <= rad i].
Definition box_norm u : R := largest (fun i => `|u i 0| / rad i).

Lemma box_norm_coord u i : `|u i 0| <= rad i * box_norm u.
Proof. by rewrite mulrC -ler_pdivr_mulr //; apply: (le_largest (fun i => `|u i 0| / rad i)). Qed.

Lemma box_norm_le e u : 0 <= e -> (forall i, `|u i 0| <= rad i * e) -> box_norm u <= e.
Proof. by move=> e0 h; apply: largest_le => // i; rewrite ler_pdivr_mulr // mulrC. Qed.

Lemma box_norm_ge0 u : 0 <= box_norm u.
Proof. exact: largest_ge0. Qed.

Lemma vector_norm_box : vector_norm box_norm.
Proof.
split.
- move=> u v; apply: box_norm_le; first by rewrite addr_ge0 ?box_norm_ge0.
  move=> i; rewrite mxE mulrDr; apply: le_trans (ler_norm_add _ _) _.
  by apply: ler_add; apply: box_norm_coord.
- by move=> u; apply: eq_bigr => i _; rewrite mxE normrN.
- exists (\sum_i rad i); first by apply: sumr_ge0 => i _; apply: ltW.
  move=> u i; apply: le_trans (box_norm_coord u i) _; rewrite ler_wpmul2r ?box_norm_ge0 //.
  by rewrite (bigD1 i) //= ler_addl; apply: sumr_ge0 => j _; apply: ltW.
- exists (\sum_i (rad i)^-1); first by apply: sumr_ge0 => i _; rewrite invr_ge0 ltW.
  move=> u; have s0 : 0 <= \sum_i `|u i 0| by apply: sumr_ge0 => i _; apply: normr_ge0.
  have c0 : 0 <= \sum_i (rad i)^-1 by apply: sumr_ge0 => i _; rewrite invr_ge0 ltW.
  apply: box_norm_le => [|i]; first exact: mulr_ge0.
  apply: (@le_trans _ _ (rad i * ((rad i)^-1 * (\sum_i `|u i 0|)))).
    rewrite mulrA divff ?gt_eqF // mul1r (bigD1 i) //= ler_addl.
    by apply: sumr_ge0 => j _; apply: normr_ge0.
  rewrite ler_wpmul2l ?(ltW (rad0 i)) // ler_wpmul2r //.
  by rewrite (bigD1 i) //= ler_addl; apply: sumr_ge0 => j _; rewrite invr_ge0 ltW.
Qed.

Lemma ball_box w0 x : Contraction.ball box_norm w0 1 x = box w0 x.
Proof.
rewrite /Contraction.ball; apply/idP/forallP => [h i|h].
  have := box_norm_coord (x - w0) i; rewrite !mxE => /le_trans; apply.
  by rewrite -[X in _ <= X]mulr1 ler_wpmul2l // ltW.
by apply: box_norm_le => // i; rewrite !mxE mulr1.
Qed.

Lemma box_segment w0 x y (t : R) : box w0 x -> box w0 y -> 0 <= t <= 1 ->
  box w0 (x + t *: (y - x)).
Proof.
move=> /forallP hx /forallP hy /andP [t0 t1]; apply/forallP => i; rewrite !mxE.
have -> : x i 0 + t * (y i 0 - x i 0) - w0 i 0
  = (1 - t) * (x i 0 - w0 i 0) + t * (y i 0 - w0 i 0) by ring.
apply: le_trans (ler_norm_add _ _) _; rewrite !normrM (ger0_norm t0) ger0_norm ?subr_ge0 //.
have -> : rad i = (1 - t) * rad i + t * rad i by ring.
by apply: ler_add; apply: ler_wpmul2l; rewrite ?subr_ge0.
Qed.

Variables (A C : 'M[R]_d) (g : 'cV[R]_d -> 'cV[R]_d) (H : 'cV[R]_d -> 'M[R]_d) (w0 : 'cV[R]_d).
Hypothesis hd : derivative_on (box w0) g H.
Hypothesis hC : forall w, box w0 w -> forall i j, `|(1%:M - A *m H w) i j| <= C i j.

Let w0_box : box w0 w0.
Proof. by apply/forallP => i; rewrite subrr normr0 ltW. Qed.

Let C0 i j : 0 <= C i j.
Proof. by apply: le_trans (hC w0_box i j); apply: normr_ge0. Qed.

Lemma mulmx_coord w v i : box w0 w ->
  `|((1%:M - A *m H w) *m v) i 0| <= \sum_j C i j * `|v j 0|.
Proof.
move=> wb; rewrite mxE; apply: le_trans (ler_norm_sum _ _ _) _; apply: ler_sum => j _.
by rewrite normrM ler_wpmul2r ?normr_ge0 ?hC.
Qed.

(** The map x - A g(x), coordinate by coordinate. *)
Lemma newton_map_coord x y i : box w0 x -> box w0 y ->
  `|(newton_map A g x - newton_map A g y) i 0| <= \sum_j C i j * `|(x - y) j 0|.
Proof.
move=> hx hy; set z := _ - _ : 'cV[R]_d; set K := \sum_j _.
have K0 : 0 <= K by apply: sumr_ge0 => j _; rewrite mulr_ge0 ?normr_ge0.
pose e : 'cV[R]_d := Num.sg (z i 0) *: \col_j (j == i)%:R.
have dotE' u : dot e u = Num.sg (z i 0) * u i 0.
  rewrite dotZl; congr (_ * _); rewrite /dot (bigD1 i) //= big1 ?addr0.
    by rewrite mxE eqxx mul1r.
  by move=> j /negbTE ji; rewrite mxE ji mul0r.
have hP (t : R) : 0 <= t <= 1 -> box w0 (y + t *: (x - y)) by apply: box_segment.
have := @path_increment _ e _ _ K (path_derive_newton A hd hP).
have e1 : y + 1 *: (x - y) = x by vring.
have e0 : y + 0 *: (x - y) = y by vring.
rewrite /= e1 e0 -/(newton_map A g x) -/(newton_map A g y) -/z dotE' -normrEsg; apply => t ht.
rewrite dotE'; apply: le_trans (ler_norm _) _; rewrite normrM.
apply: le_trans (mulmx_coord (x - y) i (hP t ht)); rewrite normr_sg.
by case: (_ != _); rewrite ?mul1r ?mul0r ?normr_ge0.
Qed.

Theorem krawczyk :
  (forall i, `|(A *m g w0) i 0| + (\sum_j C i j * rad j) < rad i) ->
  exists ws, [/\ g ws = 0,
    forall i, `|ws i 0 - w0 i 0| <= `|(A *m g w0) i 0| + (\sum_j C i j * rad j) &
    forall w, (forall i, `|w i 0 - w0 i 0| <= rad i) -> g w = 0 -> w = ws].
Proof.
move=> hr; pose q := largest (fun i => (\sum_j C i j * rad j) / rad i).
have q1 : 0 <= q < 1.
  rewrite largest_ge0 largest_lt // => i; rewrite ltr_pdivr_mulr // mul1r.
  by apply: le_lt_trans (hr i); rewrite ler_addr normr_ge0.
have qr i : \sum_j C i j * rad j <= rad i * q.
  by rewrite mulrC -ler_pdivr_mulr //; apply: (le_largest (fun i => (\sum_j C i j * rad j) / rad i)).
have row v i : \sum_j C i j * `|v j 0| <= rad i * (q * box_norm v).
  apply: le_trans (_ : (\sum_j C i j * rad j) * box_norm v <= _).
    rewrite mulr_suml; apply: ler_sum => j _; rewrite -mulrA ler_wpmul2l //.
    exact: box_norm_coord.
  by rewrite mulrA ler_wpmul2r ?box_norm_ge0.
have q0 v : 0 <= q * box_norm v by case/andP: q1 => ? _; rewrite mulr_ge0 ?box_norm_ge0.
have ct x y : box w0 x -> box w0 y ->
    box_norm (newton_map A g x - newton_map A g y) <= q * box_norm (x - y).
  by move=> hx hy; apply: box_norm_le => // i; apply: le_trans (newton_map_coord i hx hy) (row _ i).
have Au : A \in unitmx.
  apply: (@approximate_inverse_unit _ box_norm A (H w0) q vector_norm_box); first by case/andP: q1.
  by move=> v; apply: box_norm_le => // i; apply: le_trans (mulmx_coord v i w0_box) (row _ i).
have near x : box w0 x -> forall i, `|(newton_map A g x) i 0 - w0 i 0|
    <= `|(A *m g w0) i 0| + (\sum_j C i j * rad j).
  move=> hx i; have -> : newton_map A g x i 0 - w0 i 0
      = (newton_map A g x - newton_map A g w0) i 0 - (A *m g w0) i 0.
    by rewrite /newton_map; move: (A *m g x) (A *m g w0) => b e; rewrite !mxE; gen_entries; move=> *; ring.
  apply: le_trans (ler_norm_sub _ _) _; rewrite addrC ler_add2l.
  apply: le_trans (newton_map_coord i hx w0_box) _; apply: ler_sum => j _.
  by rewrite ler_wpmul2l // !mxE; move/forallP: hx.
have self x : box w0 x -> box w0 (newton_map A g x).
  by move=> hx; apply/forallP => i; apply: le_trans (near x hx i) (ltW (hr i)).
have [ws wsb fix_ws] : exists2 x, box w0 x & newton_map A g x = x.
  have [|x y|x] := @fixed_point _ _ (newton_map A g) q vector_norm_box q1 w0 1 ler01.
  - by move=> x; rewrite !ball_box; apply: self.
  - by rewrite !ball_box; apply: ct.
  - by rewrite ball_box; exists x.
exists ws; split; first by apply/(newton_map_fixed g ws Au).
  by move=> i; rewrite -fix_ws; apply: near.
move=> w hw /(newton_map_fixed g w Au) fix_w.
apply: (fixed_point_unique vector_norm_box q1 ct _ wsb fix_w fix_ws).
exact/forallP.
Qed.
End Box.
