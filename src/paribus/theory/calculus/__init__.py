"""The differential calculus of Magnus and Neudecker: from f to df, and from df to gradients, Jacobians, Hessians."""
