"""One net in the languages of others, each of which must give torch's figures of it."""

import pytest

from paribus.theory.layers import table

NETS = {
    "JavaScript": """const model = tf.sequential();
model.add(tf.layers.conv2d({inputShape: [28, 28, 1], filters: 8, kernelSize: 3,
  strides: 2, padding: 'same', activation: 'relu'}));
model.add(tf.layers.flatten());
model.add(tf.layers.dense({units: 10}));""",
    "R": """model <- keras_model_sequential(input_shape = c(28L, 28L, 1L)) |>  # a comment
  layer_conv_2d(filters = 8, kernel_size = c(3, 3), strides = 2, padding = "same", activation = "relu") |>
  layer_flatten() |>
  layer_dense(units = 10)""",
    "C++": """struct NetImpl : torch::nn::Module {
  NetImpl(int64_t n = 10) : conv(torch::nn::Conv2dOptions(1, 8, 3).stride(2).padding(1)), fc(1568, 10) {
    register_module("conv", conv);
    register_module("fc", fc);
  }
  torch::Tensor forward(torch::Tensor x) {
    x = torch::relu(conv->forward(x));  // 14 × 14
    return fc->forward(x.view({-1, 1568}));
  }
  torch::nn::Conv2d conv{nullptr};
  torch::nn::Linear fc{nullptr};
};""",
    "Java": """new NeuralNetConfiguration.Builder().list()
  .layer(new ConvolutionLayer.Builder(3, 3).nIn(1).nOut(8).stride(2, 2).padding(1, 1)
    .activation(Activation.RELU).build())
  .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MSE).nOut(10).build())
  .setInputType(InputType.convolutionalFlat(28, 28, 1)).build();""",
    "ConvNetJS": """layer_defs.push({type:'input', out_sx:28, out_sy:28, out_depth:1});
layer_defs.push({type:'conv', sx:3, filters:8, stride:2, pad:1, activation:'relu'});
layer_defs.push({type:'fc', num_neurons:10});""",
    "Paddle": """class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv = paddle.nn.Conv2D(1, 8, 3, stride=2, padding=1)
        self.fc = paddle.nn.Linear(1568, 10)
    def forward(self, x):
        return self.fc(paddle.flatten(F.relu(self.conv(x)), 1))""",
    "MindSpore": """net = nn.SequentialCell([
    nn.Conv2d(1, 8, 3, stride=2, has_bias=True), nn.ReLU(), nn.Flatten(), nn.Dense(1568, 10)])""",
    "Gluon": """net = nn.HybridSequential()
net.add(nn.Conv2D(channels=8, kernel_size=3, strides=2, padding=1, activation='relu'), nn.Dense(10))""",
    "YAML": """- type: conv2d
  filters: 8
  kernel_size: 3
  stride: 2
  padding: 1
  activation: relu
- type: flatten
- type: dense
  units: 10""",
}


@pytest.mark.parametrize("language", NETS)
def test_code_of_other_languages_gives_torchs_figures(language):
    net = table(NETS[language], (1, 28, 28))
    assert (net.parameters, net.output) == (8 * 10 + 1568 * 10 + 10, (10,))
    assert "relu" in [row.name for row in net.rows]


def test_keras_reshapes_with_its_channels_last():
    net = table('Sequential([Dense(98, input_shape=(4,)), Reshape((7, 7, 2)), Conv2D(3, 3, padding="same")])')
    assert (net.parameters, net.output) == (4 * 98 + 98 + 2 * 9 * 3 + 3, (3, 7, 7))


def test_an_input_that_is_added_to_a_keras_model_is_no_layer():
    net = table("m = keras.Sequential()\nm.add(keras.Input(shape=(8, 8, 3)))\nm.add(layers.Conv2D(4, 3))")
    assert (net.input, net.output) == ((3, 8, 8), (4, 6, 6))
