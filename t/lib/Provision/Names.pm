package Provision::Names;
# Names of people, from many languages and in their scripts. A name in another
# script than Latin comes with the Latin spelling that a login is made of.
use strict;
use warnings;
use utf8;
use Exporter qw(import);
use Unicode::Normalize qw(NFD NFC);

our @EXPORT_OK = qw(groups latin);

# weight, whose surname stands first ('last' or 'first'), given names, surnames;
# "native=Latin" where they differ
my @GROUPS = (
    [14, 'last', 'Adele Alex Amy Brian Caroline Daniel Emily Grace Irvin Joni Kate Lynne Miriam Nestor Patti Raúl Sean Siobhán Oisín Aoife',
                 "O'Brien O'Neill D'Angelo MacLeod Smith-Jones Vance Wilber Cartwright Young Barnes Quinn St._John Taylor Fitzgerald"],
    [10, 'last', 'Jürgen Käthe Björn Anke Günther Sören Heike Lieselotte Hans-Peter Dörte Jörg Müge Ulrike Lukas',
                 'Müller Weiß Schröder Groß Fischer Köhler Jäger Strauß Schulze-Osterloh|von_der_Heide Großmann Schmidt Böhm'],
    [7,  'last', 'Zoë François Hélène Jérôme Anaïs Maëlys Étienne Noémie Loïc Agnès',
                 "d'Aubigné Lefèvre Besançon de_la_Tour Dupont Le_Goff Béranger N'Diaye Fournier L'Hôpital"],
    [7,  'last', 'Begoña José_María Íñigo Nuria Ángel Inés Joaquín Lucía María_de_los_Ángeles Iker',
                 'Peña Núñez García_Márquez Ibáñez Muñoz Yáñez Fernández_de_Córdoba Castro López'],
    [5,  'last', 'João Conceição Antónia Inês Simão Lurdes Tomás Beatriz', 'Gonçalves Magalhães dos_Santos Assunção Pereira Conceição Leão'],
    [5,  'last', 'Łukasz Małgorzata Agnieszka Stanisław Grażyna Zdzisław Jan Żaneta', 'Wójcik Kowalski Łękawska Dąbrowski Zieliński Brzęczyszczykiewicz Żuk'],
    [4,  'last', 'Jiří Řehoř Šárka Zdeněk Ludmila Božena Ľubomír Ďuro', 'Dvořák Nováková Kříž Šťastný Němcová Hašek Čapek'],
    [5,  'last', 'Åsa Øyvind Søren Astrid Þórdís Mikael Päivi Väinö Maj-Britt Ægir', 'Ødegård Sjöström Åkesson Bjørnstad Hämäläinen Guðmundsdóttir Ærø Kjær'],
    [4,  'last', 'İbrahim Çağla Ayşe Ömer Şule Işıl Gökhan Uğur', 'Yılmaz Çelik Öztürk Şahin Işık Güneş Doğan'],
    [3,  'last', 'Gergő Eszter Örs Zsófia Bence Ágnes Győző', 'Nagy Szőllősi Kővári Őri Tóth Horváth Szűcs'],
    [3,  'last', 'Ștefan Ioana Bogdan Mădălina Răzvan', 'Țăranu Ionescu Bălan Ștefănescu Popa'],
    [4,  'first', 'Nguyệt Đức Thị_Hồng Minh Ánh Quốc_Bảo Trâm', 'Nguyễn Trần Phạm Đặng Lê Huỳnh Võ'],
    [4,  'last', 'Дмитрий=Dmitri Наталья=Natalya Юрий=Yuri Екатерина=Yekaterina Сергей=Sergei Ксения=Ksenia Фёдор=Fyodor',
                 'Иванов=Ivanov Кузнецова=Kuznetsova Щербаков=Shcherbakov Ёлкин=Yolkin Соловьёва=Solovyova'],
    [3,  'last', 'Олександр=Oleksandr Юлія=Yuliia Ганна=Hanna Євген=Yevhen', "Шевченко=Shevchenko Мар'яненко=Maryanenko Коваль=Koval Ґудзь=Gudz"],
    [3,  'last', 'Γιώργος=Giorgos Ελένη=Eleni Δημήτρης=Dimitris Ηρώ=Iro', 'Παπαδόπουλος=Papadopoulos Οικονόμου=Oikonomou Ξένος=Xenos'],
    [3,  'last', 'محمد=Mohammed فاطمة=Fatima يوسف=Yusuf نور=Nour', 'الحسن=Al-Hassan خوري=Khoury عبد_الرحمن=Abdelrahman'],
    [2,  'last', 'נועה=Noa יוסף=Yosef תמר=Tamar', 'כהן=Cohen לוי=Levi בן־דוד=Ben-David'],
    [3,  'last', 'अनिता=Anita राजेश=Rajesh काव्या=Kavya', 'शर्मा=Sharma पटेल=Patel श्रीवास्तव=Shrivastava'],
    [2,  'last', 'สมชาย=Somchai มาลี=Mali', 'ศรีสุข=Srisuk วงศ์ไทย=Wongthai'],
    [4,  'first', '小明=Xiaoming 丽=Li 娜=Na 建国=Jianguo 雨欣=Yuxin', '王=Wang 李=Li 欧阳=Ouyang 张=Zhang'],
    [4,  'first', 'さくら=Sakura 健太=Kenta 由美子=Yumiko 翔=Sho', '田中=Tanaka 𠮷田=Yoshida 髙橋=Takahashi 渡邉=Watanabe'],
    [3,  'first', '민준=Minjun 서연=Seoyeon 지훈=Jihun', '김=Kim 이=Lee 박=Park 황보=Hwangbo'],
    [2,  'last', 'გიორგი=Giorgi ნინო=Nino', 'ბერიძე=Beridze მაისურაძე=Maisuradze'],
    [2,  'last', 'Արամ=Aram Անի=Ani', 'Պետրոսյան=Petrosyan Գրիգորյան=Grigoryan'],
    [2,  'last', 'አበበ=Abebe ሰላም=Selam', 'ተስፋዬ=Tesfaye ገብረ_መድኅን=Gebremedhin'],
    [2,  'last', 'Chidi Ngọzi Adébáyọ̀ Thandiwe', "Okonkwo Ọláńrewájú Mkhize N'golo"],
);

# { weight, order, given => [[native, Latin], ...], surname => [...] }, ...
sub groups {
    return map {
        my ($weight, $order, $given, $surname) = @$_;
        { weight => $weight, order => $order, given => [_names($given)], surname => [_names($surname)] }
    } @GROUPS;
}

sub _names {
    my ($text) = @_;
    return map {
        my ($native, $latin) = map { tr/_/ /r } split /=/;
        [NFC($native), $latin // latin($native)]
    } split /[ |]/, $text;
}

my %letter = qw(ß ss ø o Ø O æ ae Æ Ae œ oe ł l Ł L đ d Đ D ð d Ð D þ th Þ Th ı i ħ h);

# A name as it stands in a login: letters of ASCII, hyphens, apostrophes, dots.
sub latin {
    my ($text) = @_;
    $text =~ s/([äöüÄÖÜ])/{ ä => 'ae', ö => 'oe', ü => 'ue', Ä => 'Ae', Ö => 'Oe', Ü => 'Ue' }->{$1}/ge;
    $text = NFD($text) =~ s/\p{Mn}//gr;
    $text =~ s/([^\x00-\x7f])/$letter{$1} \/\/ ''/ge;
    return $text;
}

1;
