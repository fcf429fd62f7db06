"""scikit-learn's digits, learned from numerical gradients in a pipeline and a grid search.

The network takes the place of scikit-learn's MLPClassifier, and is compared with it. It needs
scikit-learn: pip install "nudgegrad[sklearn]"
"""

import warnings
from typing import Any

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from nudgegrad.sklearn import NumericalGradientClassifier


def main() -> None:
    """Choose the weight decay by cross-validation, and compare with backpropagation."""
    # Sixty epochs are enough here, though neither network has converged then.
    warnings.simplefilter("ignore", ConvergenceWarning)
    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0, stratify=y)

    settings: dict[str, Any] = {
        "hidden_layer_sizes": (50,),
        "learning_rate_init": 0.003,
        "max_iter": 60,
    }
    network = NumericalGradientClassifier(**settings, random_state=0)
    search = GridSearchCV(
        make_pipeline(MinMaxScaler(), network),
        {"numericalgradientclassifier__alpha": [1e-4, 1e-1, 1.0]},
        cv=3,
    ).fit(x_train, y_train)
    alpha = search.best_params_["numericalgradientclassifier__alpha"]
    print(f"numerical gradients, alpha {alpha:g} chosen: {search.score(x_test, y_test):.4f}")

    other = make_pipeline(MinMaxScaler(), MLPClassifier(**settings, alpha=alpha, random_state=0))
    print(
        f"backpropagation, MLPClassifier: {other.fit(x_train, y_train).score(x_test, y_test):.4f}"
    )


if __name__ == "__main__":
    main()
