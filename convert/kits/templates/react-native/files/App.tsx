// One screen: the camera, the verdict on a photo, and the self-test.

import {useEffect, useMemo, useState} from 'react';
import {Button, ScrollView, StyleSheet, Text, TextInput, View} from 'react-native';
import {Camera, useCameraPermission, usePhotoOutput} from 'react-native-vision-camera';

import golden from './golden/golden.json';
import {storeAnswers, together, UNKNOWN, type Answers} from './src/lesion/answers';
import * as constants from './src/lesion/constants';
import {verdict} from './src/lesion/postprocessing';
import {preprocess, store} from './src/lesion/preprocessing';
import {referenceSteps, selfTest, type Golden} from './src/lesion/self-test';
import {LesionModel} from './src/model';
import {decode, pixelsOf} from './src/pixels';
import {findingsOf} from './src/quality/findings';

export default function App() {
  const {hasPermission, requestPermission} = useCameraPermission();
  const photoOutput = usePhotoOutput();
  const model = useMemo(() => LesionModel.load(), []);
  const [said, setSaid] = useState('');
  const [answers, setAnswers] = useState<Answers>({});

  useEffect(() => {
    if (!hasPermission) requestPermission();
  }, [hasPermission, requestPermission]);

  const attempt = (work: () => Promise<string>) => async () => {
    setSaid('...');
    setSaid(await work().catch((error) => `error: ${error}`));
  };

  const judge = attempt(async () => {
    const photo = await photoOutput.capturePhoto({}, {});
    try {
      // Turned upright: by the photo's orientation.
      const image = await pixelsOf(await photo.toImageAsync());
      const pixels = preprocess(image);
      const input = together(store(pixels), storeAnswers(answers));
      const output = await (await model).infer(input);
      const found = verdict(output, findingsOf(image, pixels));
      // Of an unusable photo a probability means nothing.
      const numbers = found.decision === 'unusable photo' ? ''
        : ` (probability ${found.probability.toFixed(3)},`
          + ` threshold ${constants.THRESHOLD_PROBABILITY.toFixed(3)})`;
      return found.decision + numbers + found.findings.map((finding) => ` ${finding.name}`).join();
    } finally {
      photo.dispose();
    }
  });

  const test = attempt(async () => {
    const loaded = await model;
    const steps = referenceSteps((input) => loaded.infer(input));
    steps.findings = findingsOf;
    // Photos come upright from the camera; decode() does not turn a JPEG file, so that
    // there is nothing to compare for one.
    steps.decode = (file, name) => (name.endsWith('.png') ? decode(file, 'png') : undefined);
    const found = await selfTest(golden as unknown as Golden, steps);
    return found.length
      ? found.map(({step, what, hint}) => `${step} differs: ${what}\n  ${hint}`).join('\n')
      : 'same answer as Python at every step';
  });

  return (
    <ScrollView contentContainerStyle={styles.page}>
      <Text style={styles.strong}>{`${constants.MODEL_NAME}: ${constants.NOTICE}`}</Text>
      <Text>{constants.EVIDENCE}</Text>
      <View style={styles.square}>
        {hasPermission ? (
          <Camera style={StyleSheet.absoluteFill} device="back" isActive outputs={[photoOutput]} />
        ) : (
          <Text>Without the camera's permission only the self-test works.</Text>
        )}
      </View>
      {constants.QUESTIONS.map((question) => (
        <Asked
          key={question.name}
          question={question}
          answer={answers[question.name] ?? UNKNOWN}
          answered={(answer) => setAnswers({...answers, [question.name]: answer})}
        />
      ))}
      <Button title="Judge" onPress={judge} disabled={!hasPermission} />
      <Text>{said}</Text>
      <Button title="Self-test" onPress={test} />
    </ScrollView>
  );
}

interface AskedProps {
  question: constants.Question;
  answer: string;
  answered: (answer: string) => void;
}

/** One question: a number is typed, of words a touch shows the next one. */
function Asked({question, answer, answered}: AskedProps) {
  const words = [UNKNOWN, ...question.values];
  const next = words[(words.indexOf(answer) + 1) % words.length] ?? UNKNOWN;
  return question.values.length ? (
    <Button
      title={`${question.words}: ${answer === UNKNOWN ? 'not known' : answer}`}
      onPress={() => answered(next)}
    />
  ) : (
    <TextInput
      placeholder={`${question.words}: not known`}
      keyboardType="numeric"
      onChangeText={(text) => answered(text || UNKNOWN)}
    />
  );
}

const styles = StyleSheet.create({
  page: {padding: 16, gap: 16},
  strong: {fontWeight: 'bold'},
  square: {width: '100%', aspectRatio: 1},
});
