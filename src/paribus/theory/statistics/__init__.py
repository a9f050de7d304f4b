"""Models of statistics worked by hand: naive Bayes, logistic regression, penalties, dropout in closed form."""
