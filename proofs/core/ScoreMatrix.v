(** * ScoreMatrix: the matrix that turns the parameters of a linear classifier into the
    scores of one row.  The parameters are the entries of W ('M_(k, d)), row by row.
    Axiom-free.

      score_matrix x      S with S th = W x, th = (mxvec W)^T
      score_matrixE       that equation
      score_matrix_norm   |S v| <= |x| |v|, the hypothesis [score_norm] of Multi.v *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Newton Multi.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section ScoreMatrix.
Variables (R : rcfType) (k d : nat).
Implicit Types (x : 'cV[R]_d) (th : 'cV[R]_(k * d)).

Definition weights th : 'M[R]_(k, d) := vec_mx th^T.

Definition score_matrix x : 'M[R]_(k, k * d) :=
  (lin1_mx (trmx \o mulmxr x \o vec_mx : 'rV[R]_(k * d) -> 'rV[R]_k))^T.

Lemma score_matrixE x th : score_matrix x *m th = weights th *m x.
Proof. by rewrite -[th in LHS]trmxK -trmx_mul mul_rV_lin1 /= trmxK. Qed.

Lemma norm_weights th : norm th ^+ 2 = \sum_i \sum_j weights th i j ^+ 2.
Proof.
rewrite norm_sq /dot pair_bigA (reindex _ (curry_mxvec_bij k d)) /=.
by apply: eq_bigr => -[i j] _ /=; rewrite !mxE expr2.
Qed.

Theorem score_matrix_norm x th : norm (score_matrix x *m th) <= norm x * norm th.
Proof.
rewrite score_matrixE norm_le_sq ?mulr_ge0 ?norm_ge0 // exprMn norm_weights mulr_sumr.
apply: ler_sum => i _; rewrite -expr2.
have -> : (weights th *m x) i 0 = dot x (row i (weights th))^T.
  by rewrite mxE; apply: eq_bigr => j _; rewrite !mxE mulrC.
apply: le_trans (CauchySchwarz_sq _ _) _; rewrite -norm_sq ler_wpmul2l ?exprn_ge0 ?norm_ge0 //.
by apply: ler_sum => j _; rewrite !mxE -expr2.
Qed.

Corollary score_matrices n (x : 'I_n -> 'cV[R]_d) :
  score_norm (fun i => score_matrix (x i)) (fun i => norm (x i)).
Proof. by move=> i v; apply: score_matrix_norm. Qed.
End ScoreMatrix.
